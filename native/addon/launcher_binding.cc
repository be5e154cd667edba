#include "addon/launcher_binding.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "addon/launcher_handle.h"
#include "addon/script_error.h"
#include "addon/script_value.h"

namespace ucb::addon {
namespace {

constexpr napi_type_tag kLauncherTag{0x8f1c0d6a2b9e4713, 0xa5d7e0349c6b12f8};
constexpr double kMostThreads = 64;
constexpr double kMostSignals = 64;
constexpr double kLargestTicket = 9007199254740991;
constexpr double kLongestMilliseconds = 3e12;

// The arguments of one call. Anything that is wrong with them leaves an exception pending.
template <std::size_t kCount>
class Call {
 public:
  Call(napi_env env, napi_callback_info info) : env_(env) {
    std::size_t count = kCount;
    napi_get_cb_info(env, info, &count, values_.data(), nullptr, nullptr);
  }

  napi_env env() const { return env_; }
  napi_value operator[](std::size_t index) const { return values_[index]; }

  // The launcher that is the first argument, or null.
  LauncherHandle* Handle() const {
    bool is_launcher = false;
    void* data = nullptr;
    if (IsObject(0) && napi_check_object_type_tag(env_, values_[0], &kLauncherTag, &is_launcher) == napi_ok &&
        is_launcher && napi_unwrap(env_, values_[0], &data) == napi_ok) {
      return static_cast<std::shared_ptr<LauncherHandle>*>(data)->get();
    }
    Wrong("the first argument is not a launcher");
    return nullptr;
  }

  LauncherHandle* OpenHandle() const {
    LauncherHandle* const handle = Handle();
    if (handle == nullptr || !handle->closed()) return handle;
    ThrowError(env_, "ERR_UCB_CLOSED", "the launcher was closed");
    return nullptr;
  }

  bool IsObject(std::size_t index) const {
    napi_valuetype type = napi_undefined;
    return napi_typeof(env_, values_[index], &type) == napi_ok && type == napi_object;
  }

  bool Integer(std::size_t index, const char* name, double least, double most, double& number) const {
    if (ReadInteger(env_, values_[index], least, most, number)) return true;
    Wrong(std::string(name) + " must be a whole number in its range");
    return false;
  }

  bool Object(std::size_t index, const char* name) const {
    if (IsObject(index)) return true;
    Wrong(std::string(name) + " must be an object");
    return false;
  }

  bool Ticket(std::uint64_t& ticket) const {
    double number = 0;
    if (!Integer(1, "ticket", 0, kLargestTicket, number)) return false;
    ticket = static_cast<std::uint64_t>(number);
    return true;
  }

  bool Good(const Fields& fields) const {
    if (fields.wrong() == nullptr) return true;
    // What a getter of the object has thrown goes first.
    Wrong(std::string(fields.wrong()) + " is missing or not what it must be");
    return false;
  }

  void Wrong(const std::string& message) const { ThrowError(env_, "ERR_UCB_ARGUMENT", message); }

  napi_value Boolean(bool value) const {
    napi_value result = nullptr;
    napi_get_boolean(env_, value, &result);
    return result;
  }

 private:
  const napi_env env_;
  std::array<napi_value, kCount> values_{};
};

void OnObjectFinalized(napi_env, void* data, void*) {
  delete static_cast<std::shared_ptr<LauncherHandle>*>(data);
}

napi_value Create(napi_env env, napi_callback_info info) {
  const Call<2> call(env, info);
  napi_valuetype type = napi_undefined;
  napi_typeof(env, call[0], &type);
  if (type != napi_function) {
    call.Wrong("onMessages must be a function");
    return nullptr;
  }
  double threads = 0;
  if (!call.Integer(1, "threads", 1, kMostThreads, threads)) return nullptr;
  std::shared_ptr<LauncherHandle> handle = LauncherHandle::Create(env, call[0], static_cast<unsigned>(threads));
  if (handle == nullptr) return nullptr;
  napi_value object = nullptr;
  napi_create_object(env, &object);
  auto owner = std::make_unique<std::shared_ptr<LauncherHandle>>(handle);
  if (napi_type_tag_object(env, object, &kLauncherTag) != napi_ok ||
      napi_wrap(env, object, owner.get(), OnObjectFinalized, nullptr, nullptr) != napi_ok) {
    handle->Close();
    return nullptr;
  }
  static_cast<void>(owner.release());  // the object's own from here on
  return object;
}

napi_value Launch(napi_env env, napi_callback_info info) {
  const Call<3> call(env, info);
  LauncherHandle* const handle = call.OpenHandle();
  LaunchRequest request;
  if (handle == nullptr || !call.Ticket(request.ticket) || !call.Object(2, "launch")) return nullptr;
  Fields fields(env, call[2]);
  request.file = fields.Path("file");
  request.argv = StringList::Packed(fields.PackedStrings("argv"));
  request.env = StringList::Packed(fields.PackedStrings("env"));
  request.cwd = fields.Path("cwd");
  request.payload = fields.BytesOrNull("stdin");
  request.output = fields.PathOrNull("output");
  request.timeout = Milliseconds(fields.Milliseconds("timeoutMs"));
  request.kill_after = Milliseconds(fields.Milliseconds("killAfterMs"));
  request.slow_after = Milliseconds(fields.Milliseconds("slowAfterMs"));
  if (!call.Good(fields)) return nullptr;
  if (request.argv.empty()) {
    call.Wrong("argv must hold at least one string");
    return nullptr;
  }
  handle->launcher().Launch(std::move(request));
  return nullptr;
}

napi_value AppendLog(napi_env env, napi_callback_info info) {
  const Call<3> call(env, info);
  LauncherHandle* const handle = call.OpenHandle();
  std::uint64_t ticket = 0;
  if (handle == nullptr || !call.Ticket(ticket) || !call.Object(2, "block")) return nullptr;
  Fields fields(env, call[2]);
  LogBlock block;
  block.log = fields.Path("log");
  block.header = fields.Text("header");
  block.body_file = fields.PathOrNull("bodyFile");
  block.body = fields.Text("body");
  block.trailer = fields.Text("trailer");
  if (!call.Good(fields)) return nullptr;
  handle->launcher().AppendLog(ticket, std::move(block));
  return nullptr;
}

napi_value Signal(napi_env env, napi_callback_info info) {
  const Call<3> call(env, info);
  LauncherHandle* const handle = call.OpenHandle();
  std::uint64_t ticket = 0;
  double signal = 0;
  if (handle == nullptr || !call.Ticket(ticket) || !call.Integer(2, "signal", 1, kMostSignals, signal)) return nullptr;
  return call.Boolean(handle->launcher().Signal(ticket, static_cast<int>(signal)));
}

napi_value Terminate(napi_env env, napi_callback_info info) {
  const Call<3> call(env, info);
  LauncherHandle* const handle = call.OpenHandle();
  std::uint64_t ticket = 0;
  double kill_after = 0;
  if (handle == nullptr || !call.Ticket(ticket)) return nullptr;
  if (!ReadNumber(env, call[2], 0, kLongestMilliseconds, kill_after)) {
    call.Wrong("killAfterMs must be a number of milliseconds, not negative");
    return nullptr;
  }
  return call.Boolean(handle->launcher().Terminate(ticket, Milliseconds(kill_after)));
}

napi_value Ref(napi_env env, napi_callback_info info) {
  const Call<2> call(env, info);
  LauncherHandle* const handle = call.OpenHandle();
  if (handle == nullptr) return nullptr;
  bool ref = false;
  if (napi_get_value_bool(env, call[1], &ref) != napi_ok) {
    call.Wrong("ref must be true or false");
    return nullptr;
  }
  handle->Ref(ref);
  return nullptr;
}

napi_value Close(napi_env env, napi_callback_info info) {
  LauncherHandle* const handle = Call<1>(env, info).Handle();
  if (handle != nullptr) handle->Close();
  return nullptr;
}

}  // namespace

void AddLauncher(Napi::Env env, Napi::Object exports) {
  const std::pair<const char*, napi_callback> functions[] = {
      {"launcherCreate", Create}, {"launcherLaunch", Launch},       {"launcherAppendLog", AppendLog},
      {"launcherSignal", Signal}, {"launcherTerminate", Terminate}, {"launcherRef", Ref},
      {"launcherClose", Close},
  };
  for (const auto& [name, callback] : functions) {
    napi_value function = nullptr;
    napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function);
    napi_set_named_property(env, exports, name, function);
  }
}

}  // namespace ucb::addon
