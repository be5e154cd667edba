#include "addon/launcher_binding.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <utility>

#include "addon/launcher_call.h"
#include "addon/launcher_handle.h"
#include "addon/launcher_message.h"
#include "addon/script_error.h"
#include "addon/script_value.h"

namespace ucb::addon {
namespace {

constexpr double kMostThreads = 64;
constexpr double kMostStarting = 1000000;
constexpr double kMostSignals = 64;

void OnObjectFinalized(napi_env, void* data, void*) {
  delete static_cast<std::shared_ptr<LauncherHandle>*>(data);
}

napi_value Create(napi_env env, napi_callback_info info) {
  const LauncherCall<3> call(env, info);
  napi_valuetype type = napi_undefined;
  napi_typeof(env, call[0], &type);
  if (type != napi_function) {
    call.Wrong("onMessages must be a function");
    return nullptr;
  }
  double threads = 0;
  if (!call.Integer(1, "threads", 1, kMostThreads, threads)) return nullptr;
  double starting_at_once = 0;
  if (!call.Integer(2, "startingAtOnce", 0, kMostStarting, starting_at_once)) return nullptr;
  LauncherOptions options;
  options.threads = static_cast<unsigned>(threads);
  options.starting_at_once = static_cast<std::size_t>(starting_at_once);
  std::shared_ptr<LauncherHandle> handle = LauncherHandle::Create(env, call[0], options);
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
  const LauncherCall<14> call(env, info);
  LauncherHandle* const handle = call.OpenHandle();
  LaunchRequest request;
  double host = 0;
  if (handle == nullptr || !call.Ticket(request.ticket) || !call.Program(2, request) ||
      !call.BytesOrNull(5, "stdin", request.payload) || !call.Span(6, "timeoutMs", request.timeout) ||
      !call.Span(7, "killAfterMs", request.kill_after) || !call.Span(8, "slowAfterMs", request.slow_after) ||
      !call.LimitsOrNull(9, request.limits) || !call.Integer(10, "host", 0, kLargestInteger, host) ||
      !call.ScriptOrNull(11, request.script) || !call.Flag(12, "awaited", request.awaited) ||
      !call.Flag(13, "identified", request.identified)) {
    return nullptr;
  }
  request.host = static_cast<std::uint64_t>(host);
  handle->launcher().Queue(std::move(request));
  return nullptr;
}

napi_value HandOver(napi_env env, napi_callback_info info) {
  LauncherHandle* const handle = LauncherCall<1>(env, info).OpenHandle();
  if (handle != nullptr) handle->launcher().HandOver();
  return nullptr;
}

napi_value OpenHost(napi_env env, napi_callback_info info) {
  const LauncherCall<5> call(env, info);
  LauncherHandle* const handle = call.OpenHandle();
  LaunchRequest request;
  if (handle == nullptr || !call.Ticket(request.ticket) || !call.Program(2, request)) return nullptr;
  HostRequest host;
  host.ticket = request.ticket;
  host.file = std::move(request.file);
  host.argv = std::move(request.argv);
  host.env = std::move(request.env);
  handle->launcher().OpenHost(std::move(host));
  return nullptr;
}

napi_value CloseHost(napi_env env, napi_callback_info info) {
  const LauncherCall<2> call(env, info);
  LauncherHandle* const handle = call.OpenHandle();
  std::uint64_t ticket = 0;
  if (handle == nullptr || !call.Ticket(ticket)) return nullptr;
  handle->launcher().CloseHost(ticket);
  return nullptr;
}

napi_value Adopt(napi_env env, napi_callback_info info) {
  const LauncherCall<8> call(env, info);
  LauncherHandle* const handle = call.OpenHandle();
  AdoptRequest request;
  double pid = 0;
  double start_ticks = 0;
  double started_at = 0;
  if (handle == nullptr || !call.Ticket(request.ticket) ||
      !call.Integer(2, "pid", 1, std::numeric_limits<pid_t>::max(), pid) ||
      !call.Integer(3, "startTicks", 0, kLargestInteger, start_ticks) ||
      !call.Integer(4, "startedAtMs", 0, kLargestInteger, started_at) || !call.Span(5, "timeoutMs", request.timeout) ||
      !call.Span(6, "killAfterMs", request.kill_after) || !call.Span(7, "slowAfterMs", request.slow_after)) {
    return nullptr;
  }
  request.pid = static_cast<pid_t>(pid);
  request.start_ticks = static_cast<std::uint64_t>(start_ticks);
  request.started_at_ms = static_cast<std::int64_t>(started_at);
  handle->launcher().Adopt(request);
  return nullptr;
}

napi_value Failure(napi_env env, napi_callback_info info) {
  const LauncherCall<2> call(env, info);
  // Also of a launcher that was closed in the meantime, as long as the call of onMessages goes on.
  const LauncherHandle* const handle = call.Handle();
  double index = 0;
  if (handle == nullptr || !call.Integer(1, "index", 0, kMostStrings, index)) return nullptr;
  const Error* const error = handle->Failure(static_cast<std::size_t>(index));
  if (error != nullptr) return ToFailure(env, *error);
  call.Wrong("there is no failure of this index");
  return nullptr;
}

napi_value AppendLog(napi_env env, napi_callback_info info) {
  const LauncherCall<3> call(env, info);
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
  handle->launcher().QueueLog(ticket, std::move(block));
  return nullptr;
}

napi_value Signal(napi_env env, napi_callback_info info) {
  const LauncherCall<3> call(env, info);
  LauncherHandle* const handle = call.OpenHandle();
  std::uint64_t ticket = 0;
  double signal = 0;
  if (handle == nullptr || !call.Ticket(ticket) || !call.Integer(2, "signal", 1, kMostSignals, signal)) return nullptr;
  return call.Boolean(handle->launcher().Signal(ticket, static_cast<int>(signal)));
}

napi_value Terminate(napi_env env, napi_callback_info info) {
  const LauncherCall<3> call(env, info);
  LauncherHandle* const handle = call.OpenHandle();
  std::uint64_t ticket = 0;
  Milliseconds kill_after{0};
  if (handle == nullptr || !call.Ticket(ticket) || !call.Span(2, "killAfterMs", kill_after)) return nullptr;
  return call.Boolean(handle->launcher().Terminate(ticket, kill_after));
}

napi_value Ref(napi_env env, napi_callback_info info) {
  const LauncherCall<2> call(env, info);
  LauncherHandle* const handle = call.OpenHandle();
  if (handle == nullptr) return nullptr;
  bool ref = false;
  if (!call.Flag(1, "ref", ref)) return nullptr;
  handle->Ref(ref);
  return nullptr;
}

napi_value Close(napi_env env, napi_callback_info info) {
  LauncherHandle* const handle = LauncherCall<1>(env, info).Handle();
  if (handle != nullptr) handle->Close();
  return nullptr;
}

}  // namespace

void AddLauncher(Napi::Env env, Napi::Object exports) {
  const std::pair<const char*, napi_callback> functions[] = {
      {"launcherCreate", Create},     {"launcherLaunch", Launch},       {"launcherAppendLog", AppendLog},
      {"launcherSignal", Signal},     {"launcherTerminate", Terminate}, {"launcherRef", Ref},
      {"launcherClose", Close},       {"launcherFailure", Failure},     {"launcherAdopt", Adopt},
      {"launcherOpenHost", OpenHost}, {"launcherCloseHost", CloseHost}, {"launcherHandOver", HandOver},
  };
  for (const auto& [name, callback] : functions) {
    napi_value function = nullptr;
    napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function);
    napi_set_named_property(env, exports, name, function);
  }
}

}  // namespace ucb::addon
