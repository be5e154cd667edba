#include "addon/matcher_binding.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "addon/matcher_call.h"
#include "addon/matcher_memories.h"
#include "core/trigger/matcher.h"

namespace ucb::addon {
namespace {

using trigger::Firing;

constexpr const char* kProgram = "ERR_UCB_PROGRAM";

// Writes as many pairs as fit.
void WritePairs(std::span<const Firing> firings, double* target, std::size_t length) {
  const std::size_t pairs = std::min(firings.size(), length / 2);
  for (std::size_t i = 0; i < pairs; ++i) {
    target[2 * i] = static_cast<double>(firings[i].callback);
    target[2 * i + 1] = static_cast<double>(firings[i].owner);
  }
}

// The buffer is asked for its memory each time: it may have been transferred away or resized since.
void WriteResults(napi_env env, const MatcherHandle& handle) {
  napi_value buffer = nullptr;
  void* data = nullptr;
  std::size_t size = 0;
  if (napi_get_reference_value(env, handle.buffer, &buffer) != napi_ok ||
      napi_get_arraybuffer_info(env, buffer, &data, &size) != napi_ok || size <= handle.offset) {
    return;
  }
  auto* numbers = reinterpret_cast<double*>(static_cast<char*>(data) + handle.offset);
  WritePairs(handle.matcher.results(), numbers, std::min(handle.length, (size - handle.offset) / sizeof(double)));
}

napi_value Create(napi_env env, napi_callback_info info) {
  const MatcherCall<1> call(env, info);
  void* data = nullptr;
  auto handle = std::make_unique<MatcherHandle>();
  if (!call.GetArray(0, napi_float64_array, "the results must be a Float64Array", data, handle->length)) return nullptr;
  napi_value buffer = nullptr;
  bool is_own = false;
  napi_get_typedarray_info(env, call[0], nullptr, nullptr, nullptr, &buffer, &handle->offset);
  if (napi_is_arraybuffer(env, buffer, &is_own) != napi_ok || !is_own) {
    ThrowType(env, "the results must not lie in shared memory");
    return nullptr;
  }
  if (napi_create_reference(env, buffer, 1, &handle->buffer) != napi_ok) return nullptr;
  handle->registry = call.registry();
  const auto finalize = [](napi_env finalizing, void* pointer, void*) {
    const std::unique_ptr<MatcherHandle> owned(static_cast<MatcherHandle*>(pointer));
    owned->registry->Forget(owned.get());
    napi_delete_reference(finalizing, owned->buffer);
  };
  napi_value external = nullptr;
  if (napi_create_external(env, handle.get(), finalize, nullptr, &external) != napi_ok) {
    napi_delete_reference(env, handle->buffer);
    return nullptr;
  }
  handle->registry->live.push_back(handle.get());
  static_cast<void>(handle.release());  // the finalizer owns it now
  return external;
}

napi_value Load(napi_env env, napi_callback_info info) {
  const MatcherCall<2> call(env, info);
  MatcherHandle* handle = call.GetHandle();
  void* data = nullptr;
  std::size_t length = 0;
  if (handle == nullptr) return nullptr;
  if (!call.GetArray(1, napi_uint8_array, "the program must be a Uint8Array", data, length)) return nullptr;
  // A copy: another thread may write to shared memory while it is checked.
  std::vector<std::byte> program(length);
  if (length != 0) std::memcpy(program.data(), data, length);
  if (const Status status = handle->matcher.Load(program); !status) {
    const Error& error = status.error();
    const std::string message =
        "the trigger program is malformed: " + error.message + " (word " + std::to_string(error.offset) + ")";
    napi_throw_error(env, kProgram, message.c_str());
  }
  return nullptr;
}

napi_value Attach(napi_env env, napi_callback_info info) {
  const MatcherCall<5> call(env, info);
  MatcherHandle* handle = call.GetHandle();
  uint64_t id = 0;
  uint64_t pid = 0;
  uint64_t pgrp = 0;
  EventString label;
  if (handle == nullptr || !call.GetId(1, 1, "the job id", id) || !call.GetId(2, 0, "the parent's id", pid) ||
      !call.GetId(3, 0, "the process group", pgrp) || !call.GetText(4, "the label must be a string", label)) {
    return nullptr;
  }
  handle->matcher.Attach(id, pid, pgrp, label.view());
  return nullptr;
}

napi_value Detach(napi_env env, napi_callback_info info) {
  const MatcherCall<2> call(env, info);
  MatcherHandle* handle = call.GetHandle();
  uint64_t id = 0;
  if (handle != nullptr && call.GetId(1, 1, "the job id", id)) handle->matcher.Detach(id);
  return nullptr;
}

napi_value Match(napi_env env, napi_callback_info info) {
  const MatcherCall<2> call(env, info);
  MatcherHandle* handle = call.GetHandle();
  EventString event;
  if (handle == nullptr || !call.GetText(1, "the event must be a string", event)) return nullptr;
  const std::ptrdiff_t count = handle->matcher.MatchPadded(event.view());
  if (count > 0) WriteResults(env, *handle);
  napi_value result = nullptr;
  if (count <= INT32_MAX) {
    napi_create_int32(env, static_cast<int32_t>(count), &result);
  } else {
    napi_create_double(env, static_cast<double>(count), &result);
  }
  return result;
}

napi_value Fetch(napi_env env, napi_callback_info info) {
  const MatcherCall<3> call(env, info);
  MatcherHandle* handle = call.GetHandle();
  void* data = nullptr;
  std::size_t length = 0;
  uint64_t from = 0;
  if (handle == nullptr || !call.GetArray(1, napi_float64_array, "the target must be a Float64Array", data, length) ||
      !call.GetId(2, 0, "the first pair", from)) {
    return nullptr;
  }
  const std::span<const Firing> results = handle->matcher.results();
  if (from < results.size()) WritePairs(results.subspan(from), static_cast<double*>(data), length);
  return nullptr;
}

napi_value Stats(napi_env env, napi_callback_info info) {
  const MatcherCall<1> call(env, info);
  MatcherHandle* handle = call.GetHandle();
  if (handle == nullptr) return nullptr;
  const trigger::MatcherStats stats = handle->matcher.Stats();
  napi_value object = nullptr;
  napi_create_object(env, &object);
  const auto set = [env, object](const char* name, double number) {
    napi_value value = nullptr;
    napi_create_double(env, number, &value);
    napi_set_named_property(env, object, name, value);
  };
  set("rules", stats.rules);
  set("terms", stats.terms);
  set("attachedJobs", stats.attached_jobs);
  set("memories", stats.memories);
  set("bytes", static_cast<double>(stats.bytes));
  return object;
}

}  // namespace

void AddMatcher(Napi::Env env, Napi::Object exports) {
  auto* registry = new SharedMatcherRegistry(std::make_shared<MatcherRegistry>());
  napi_add_env_cleanup_hook(
      env, [](void* pointer) { delete static_cast<SharedMatcherRegistry*>(pointer); }, registry);
  const auto add = [env, exports, registry](const char* name, napi_callback callback) {
    napi_value function = nullptr;
    napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, registry, &function);
    napi_set_named_property(env, exports, name, function);
  };
  add("matcherCreate", Create);
  add("matcherLoad", Load);
  add("matcherAttach", Attach);
  add("matcherDetach", Detach);
  add("matcherMatch", Match);
  add("matcherFetch", Fetch);
  add("matcherStats", Stats);
  AddMatcherMemories(add);
}

}  // namespace ucb::addon
