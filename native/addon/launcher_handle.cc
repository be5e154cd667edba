#include "addon/launcher_handle.h"

#include <algorithm>
#include <utility>

#include "addon/launcher_message.h"
#include "addon/script_error.h"

namespace ucb::addon {

std::shared_ptr<LauncherHandle> LauncherHandle::Create(napi_env env, napi_value on_messages, unsigned threads) {
  std::shared_ptr<LauncherHandle> handle(new LauncherHandle(env));
  napi_value name = nullptr;
  napi_create_string_latin1(env, "universal-callbacks launcher", NAPI_AUTO_LENGTH, &name);
  auto owner = std::make_unique<std::shared_ptr<LauncherHandle>>(handle);
  if (napi_create_reference(env, on_messages, 1, &handle->on_messages_) != napi_ok ||
      napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, owner.get(), OnFunctionFinalized, handle.get(),
                                      OnWake, &handle->wake_) != napi_ok) {
    handle->closed_ = true;
    ThrowError(env, "ERR_UCB_LAUNCH", "the event loop cannot be reached from a launcher's threads");
    return nullptr;
  }
  static_cast<void>(owner.release());  // the function's own from here on
  napi_unref_threadsafe_function(env, handle->wake_);

  LauncherOptions options;
  options.threads = threads;
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
  if (on_messages_ != nullptr) napi_delete_reference(env_, std::exchange(on_messages_, nullptr));
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
  const std::size_t count = std::min(kBatch, messages_.size() - next_);
  napi_value list = nullptr;
  napi_create_array_with_length(env_, count, &list);
  for (std::size_t index = 0; index < count; ++index) {
    napi_set_element(env_, list, static_cast<std::uint32_t>(index), ToScript(env_, messages_[next_ + index]));
  }
  next_ += count;
  napi_value receiver = nullptr;
  napi_value function = nullptr;
  napi_value result = nullptr;
  napi_get_undefined(env_, &receiver);
  napi_get_reference_value(env_, on_messages_, &function);
  if (function != nullptr) napi_call_function(env_, receiver, function, 1, &list, &result);
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

}  // namespace ucb::addon
