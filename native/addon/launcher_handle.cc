#include "addon/launcher_handle.h"

#include <algorithm>
#include <utility>

#include "addon/launcher_message.h"
#include "addon/script_error.h"

namespace ucb::addon {

std::shared_ptr<LauncherHandle> LauncherHandle::Create(napi_env env, napi_value on_messages,
                                                       const LauncherOptions& options) {
  std::shared_ptr<LauncherHandle> handle(new LauncherHandle(env));
  napi_value name = nullptr;
  napi_create_string_latin1(env, "universal-callbacks launcher", NAPI_AUTO_LENGTH, &name);
  auto owner = std::make_unique<std::shared_ptr<LauncherHandle>>(handle);
  napi_value memory = nullptr;
  napi_value records = nullptr;
  void* data = nullptr;
  if (napi_create_reference(env, on_messages, 1, &handle->on_messages_) != napi_ok ||
      napi_create_arraybuffer(env, kBatch * kRecordSize * sizeof(double), &data, &memory) != napi_ok ||
      napi_create_typedarray(env, napi_float64_array, kBatch * kRecordSize, memory, 0, &records) != napi_ok ||
      napi_create_reference(env, records, 1, &handle->records_) != napi_ok ||
      napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, owner.get(), OnFunctionFinalized, handle.get(),
                                      OnWake, &handle->wake_) != napi_ok) {
    handle->closed_ = true;
    ThrowError(env, "ERR_UCB_LAUNCH", "the event loop cannot be reached from a launcher's threads");
    return nullptr;
  }
  static_cast<void>(owner.release());  // the function's own from here on
  napi_unref_threadsafe_function(env, handle->wake_);

  Result<std::unique_ptr<Launcher>> launcher = Launcher::Start(options, [wake = handle->wake_] {
    // It fails only when the function is closing, and nobody is left to be told then.
    napi_call_threadsafe_function(wake, nullptr, napi_tsfn_nonblocking);
  });
  if (!launcher) {
    handle->Close();
    ThrowError(env, "ERR_UCB_LAUNCH", launcher.error());
    return nullptr;
  }
  handle->launcher_ = std::move(launcher.value());
  napi_add_env_cleanup_hook(env, OnEnvironmentEnd, handle.get());
  return handle;
}

// By now it is closed: as long as it is not, the thread-safe function is open and holds on to it.
LauncherHandle::~LauncherHandle() = default;

void LauncherHandle::Ref(bool ref) {
  if (ref) {
    napi_ref_threadsafe_function(env_, wake_);
  } else {
    napi_unref_threadsafe_function(env_, wake_);
  }
}

void LauncherHandle::Close() {
  if (closed_) return;
  if (launcher_ != nullptr) {
    napi_remove_env_cleanup_hook(env_, OnEnvironmentEnd, this);
    launcher_->Stop();
  }
  closed_ = true;
  Deliver();
  Release();
}

void LauncherHandle::OnEnvironmentEnd(void* data) {
  auto* const handle = static_cast<LauncherHandle*>(data);
  handle->closed_ = true;
  handle->launcher_->Stop();
  handle->Release();
}

void LauncherHandle::Release() {
  // A delivery that called us still needs the callback; it comes back here.
  if (delivering_) return;
  for (napi_ref* const reference : {&on_messages_, &records_}) {
    if (*reference != nullptr) napi_delete_reference(env_, std::exchange(*reference, nullptr));
  }
  if (wake_ != nullptr) napi_release_threadsafe_function(std::exchange(wake_, nullptr), napi_tsfn_abort);
}

void LauncherHandle::OnFunctionFinalized(napi_env, void* data, void*) {
  delete static_cast<std::shared_ptr<LauncherHandle>*>(data);
}

void LauncherHandle::OnWake(napi_env env, napi_value, void* context, void*) {
  // Without an environment the function is only being emptied.
  if (env == nullptr) return;
  static_cast<LauncherHandle*>(context)->Deliver();
}

void LauncherHandle::Deliver() {
  // Called by Close out of the callback: the delivery under way goes on with what Close has left.
  if (delivering_ || launcher_ == nullptr) return;
  delivering_ = true;
  bool more = DeliverBatch();
  while (more && closed_) more = DeliverBatch();
  delivering_ = false;
  if (closed_) {
    Release();
  } else if (more) {
    napi_call_threadsafe_function(wake_, nullptr, napi_tsfn_nonblocking);
  }
}

// Says whether there is more.
bool LauncherHandle::DeliverBatch() {
  if (next_ == messages_.size()) {
    launcher_->TakeMessages(messages_);
    next_ = 0;
  }
  if (messages_.empty()) return false;
  napi_handle_scope scope = nullptr;
  napi_open_handle_scope(env_, &scope);
  napi_value receiver = nullptr;
  napi_value function = nullptr;
  napi_value arguments[2] = {};
  napi_value result = nullptr;
  napi_get_undefined(env_, &receiver);
  napi_get_reference_value(env_, on_messages_, &function);
  napi_get_reference_value(env_, records_, &arguments[1]);
  const std::size_t count = WriteRecords(arguments[1]);
  napi_create_uint32(env_, static_cast<std::uint32_t>(count), &arguments[0]);
  first_ = next_;
  next_ += count;
  if (count > 0) {
    napi_call_function(env_, receiver, function, 2, arguments, &result);
  } else {
    next_ = messages_.size();
    ThrowError(env_, "ERR_UCB_ARGUMENT", "the records of a launcher's messages were taken away");
  }
  bool failed = false;
  napi_is_exception_pending(env_, &failed);
  if (failed) {
    // Left pending it would become a mere warning.
    napi_value exception = nullptr;
    if (napi_get_and_clear_last_exception(env_, &exception) == napi_ok) napi_fatal_exception(env_, exception);
  }
  napi_close_handle_scope(env_, scope);
  return next_ < messages_.size() || closed_;
}

// Says for how many messages there was room.
std::size_t LauncherHandle::WriteRecords(napi_value records) {
  // Asked for each time, since JavaScript can transfer the memory away.
  void* data = nullptr;
  std::size_t length = 0;
  if (napi_get_typedarray_info(env_, records, nullptr, &length, &data, nullptr, nullptr) != napi_ok) return 0;
  const std::size_t count = std::min(length / kRecordSize, messages_.size() - next_);
  auto* const numbers = static_cast<double*>(data);
  for (std::size_t index = 0; index < count; ++index) {
    WriteRecord(messages_[next_ + index], numbers + index * kRecordSize);
  }
  return count;
}

const Error* LauncherHandle::Failure(std::size_t index) const {
  if (!delivering_ || index >= next_ - first_) return nullptr;
  return messages_[first_ + index].error.get();
}

}  // namespace ucb::addon
