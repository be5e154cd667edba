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

#include "addon/event_string.h"
#include "core/trigger/matcher.h"

// The functions are called for every event of a farm, so they are plain Node-API callbacks: a wrapped object's method
// costs twice as much to enter.
namespace ucb::addon {
namespace {

using trigger::Firing;
using trigger::Matcher;

constexpr const char* kArgument = "ERR_UCB_ARGUMENT";
constexpr const char* kProgram = "ERR_UCB_PROGRAM";

struct Handle;

// The matchers of one environment. A handle is trusted only if it is found here: any external can be passed from
// JavaScript.
struct Registry {
  std::vector<Handle*> live;
  Handle* last = nullptr;  // the one found last

  bool Knows(Handle* handle) {
    if (handle == last) return handle != nullptr;
    if (std::find(live.begin(), live.end(), handle) == live.end()) return false;
    last = handle;
    return true;
  }

  void Forget(Handle* handle) {
    live.erase(std::remove(live.begin(), live.end(), handle), live.end());
    last = nullptr;
  }
};

// Finalizers may run after the environment's cleanup hooks, so that the registry belongs to the handles as well.
using SharedRegistry = std::shared_ptr<Registry>;

struct Handle {
  SharedRegistry registry;
  napi_ref buffer = nullptr;  // the ArrayBuffer of the caller's results
  std::size_t offset = 0;     // where in it they start, in bytes
  std::size_t length = 0;     // how many numbers they have room for
  Matcher matcher;
};

void ThrowType(napi_env env, const char* message) {
  napi_throw_type_error(env, kArgument, message);
}
void ThrowRange(napi_env env, const char* message) {
  napi_throw_range_error(env, kArgument, message);
}

// The arguments of one call. Each getter throws in JavaScript and gives false if the argument is wrong.
template <std::size_t kCount>
class Call {
 public:
  Call(napi_env env, napi_callback_info info) : env_(env) {
    std::size_t count = kCount;
    napi_get_cb_info(env, info, &count, arguments_.data(), nullptr, &data_);
  }

  SharedRegistry& registry() const { return *static_cast<SharedRegistry*>(data_); }
  napi_value operator[](std::size_t index) const { return arguments_[index]; }

  Handle* GetHandle() const {
    void* pointer = nullptr;
    if (napi_get_value_external(env_, arguments_[0], &pointer) == napi_ok) {
      auto* handle = static_cast<Handle*>(pointer);
      if (registry()->Knows(handle)) return handle;
    }
    ThrowType(env_, "the first argument must be a matcher");
    return nullptr;
  }

  // A whole number from `least` to 2^53-1.
  bool GetId(std::size_t index, uint64_t least, const char* name, uint64_t& id) const {
    double number = 0;
    if (napi_get_value_double(env_, arguments_[index], &number) != napi_ok) {
      ThrowType(env_, (std::string(name) + " must be a number").c_str());
      return false;
    }
    const bool in_range = number >= static_cast<double>(least) && number <= static_cast<double>(trigger::kMaxJobId);
    if (!in_range || std::trunc(number) != number) {
      ThrowRange(env_,
                 (std::string(name) + " must be a whole number from " + std::to_string(least) + " to 2^53-1").c_str());
      return false;
    }
    id = static_cast<uint64_t>(number);
    return true;
  }

  bool GetText(std::size_t index, const char* message, EventString& text) const {
    if (text.Read(env_, arguments_[index])) return true;
    ThrowType(env_, message);
    return false;
  }

  bool GetArray(std::size_t index, napi_typedarray_type type, const char* message, void*& data,
                std::size_t& length) const {
    napi_typedarray_type actual = napi_int8_array;
    if (napi_get_typedarray_info(env_, arguments_[index], &actual, &length, &data, nullptr, nullptr) == napi_ok &&
        actual == type) {
      return true;
    }
    ThrowType(env_, message);
    return false;
  }

 private:
  napi_env env_;
  std::array<napi_value, kCount> arguments_{};
  void* data_ = nullptr;
};

// Writes as many pairs as fit.
void WritePairs(std::span<const Firing> firings, double* target, std::size_t length) {
  const std::size_t pairs = std::min(firings.size(), length / 2);
  for (std::size_t i = 0; i < pairs; ++i) {
    target[2 * i] = static_cast<double>(firings[i].callback);
    target[2 * i + 1] = static_cast<double>(firings[i].owner);
  }
}

// The buffer is asked for its memory each time: it may have been transferred away or resized since.
void WriteResults(napi_env env, const Handle& handle) {
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
  const Call<1> call(env, info);
  void* data = nullptr;
  auto handle = std::make_unique<Handle>();
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
    const std::unique_ptr<Handle> owned(static_cast<Handle*>(pointer));
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
  const Call<2> call(env, info);
  Handle* handle = call.GetHandle();
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
  const Call<5> call(env, info);
  Handle* handle = call.GetHandle();
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
  const Call<2> call(env, info);
  Handle* handle = call.GetHandle();
  uint64_t id = 0;
  if (handle != nullptr && call.GetId(1, 1, "the job id", id)) handle->matcher.Detach(id);
  return nullptr;
}

napi_value Match(napi_env env, napi_callback_info info) {
  const Call<2> call(env, info);
  Handle* handle = call.GetHandle();
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
  const Call<3> call(env, info);
  Handle* handle = call.GetHandle();
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
  const Call<1> call(env, info);
  Handle* handle = call.GetHandle();
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
  auto* registry = new SharedRegistry(std::make_shared<Registry>());
  napi_add_env_cleanup_hook(
      env, [](void* pointer) { delete static_cast<SharedRegistry*>(pointer); }, registry);
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
}

}  // namespace ucb::addon
