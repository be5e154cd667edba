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
#include "core/base/free_memory.h"
#include "core/trigger/matcher.h"

namespace ucb::addon {
namespace {

using trigger::Firing;

constexpr const char* kProgram = "ERR_UCB_PROGRAM";

constexpr uint64_t kMostPairs = uint64_t{1} << 20;

// Of less than 2^63, which processors convert at once.
double Number(uint64_t number) {
  return static_cast<double>(static_cast<int64_t>(number));
}

// Writes as many pairs as fit.
void WritePairs(std::span<const Firing> firings, double* target, std::size_t length) {
  const std::size_t pairs = std::min(firings.size(), length / 2);
  for (std::size_t i = 0; i < pairs; ++i) {
    target[2 * i] = static_cast<double>(firings[i].callback);
    target[2 * i + 1] = Number(firings[i].owner);
  }
}

// Puts the handle's numbers into an array, as two Float64Arrays: what it answers, and whether it is chosen. They belong
// to both sides: neither a transfer of their memory to another thread nor the end of either leaves the other with
// memory that is gone.
bool ShareNumbers(napi_env env, const MatcherHandle& handle, napi_value array) {
  auto* share = new std::shared_ptr<double[]>(handle.numbers);
  napi_value buffer = nullptr;
  napi_value answer = nullptr;
  napi_value is_chosen = nullptr;
  const auto release = [](napi_env, void*, void* hint) { delete static_cast<std::shared_ptr<double[]>*>(hint); };
  const std::size_t bytes = handle.length * sizeof(double);
  if (napi_create_external_arraybuffer(env, share->get(), bytes + sizeof(double), release, share, &buffer) != napi_ok) {
    delete share;
    napi_throw_error(env, "ERR_UCB_ADDON_MISSING", "this runtime does not let addons share memory");
    return false;
  }
  return napi_create_typedarray(env, napi_float64_array, handle.length, buffer, 0, &answer) == napi_ok &&
         napi_create_typedarray(env, napi_float64_array, 1, buffer, bytes, &is_chosen) == napi_ok &&
         napi_set_element(env, array, 1, answer) == napi_ok && napi_set_element(env, array, 2, is_chosen) == napi_ok;
}

napi_value Create(napi_env env, napi_callback_info info) {
  const MatcherCall<1> call(env, info);
  uint64_t pairs = 0;
  if (!call.GetId(0, 1, "the room for pairs", pairs)) return nullptr;
  auto handle = std::make_unique<MatcherHandle>();
  handle->length = kHeaderNumbers + 2 * static_cast<std::size_t>(std::min(pairs, kMostPairs));
  handle->numbers = std::make_shared<double[]>(handle->length + 1);
  handle->registry = call.registry();
  napi_value all = nullptr;
  if (napi_create_array_with_length(env, 3, &all) != napi_ok || !ShareNumbers(env, *handle, all)) return nullptr;
  const auto finalize = [](napi_env, void* pointer, void*) {
    const std::unique_ptr<MatcherHandle> owned(static_cast<MatcherHandle*>(pointer));
    owned->registry->Forget(owned.get());
  };
  napi_value external = nullptr;
  if (napi_create_external(env, handle.get(), finalize, nullptr, &external) != napi_ok) return nullptr;
  handle->registry->live.push_back(handle.get());
  static_cast<void>(handle.release());  // the finalizer owns it now
  napi_set_element(env, all, 0, external);
  return all;
}

napi_value Load(napi_env env, napi_callback_info info) {
  const MatcherCall<2> call(env, info);
  MatcherHandle* handle = call.GetHandle();
  void* data = nullptr;
  std::size_t length = 0;
  if (handle == nullptr) return nullptr;
  if (!call.GetArray(1, napi_uint8_array, "the program must be a Uint8Array", data, length)) return nullptr;
  const std::size_t old_bytes = handle->matcher.Stats().bytes;
  Status status = Unit{};
  {
    // A copy: another thread may write to shared memory while it is checked.
    std::vector<std::byte> program(length);
    if (length != 0) std::memcpy(program.data(), data, length);
    status = handle->matcher.Load(program);
  }
  // What the old rules took, and building the new ones, the allocator would keep for this process.
  constexpr std::size_t kLarge = std::size_t{1} << 20;
  if (std::max(length, old_bytes) >= kLarge) GiveBackFreedMemory();
  if (!status) {
    const Error& error = status.error();
    const std::string message =
        "the trigger program is malformed: " + error.message + " (word " + std::to_string(error.offset) + ")";
    napi_throw_error(env, kProgram, message.c_str());
  }
  handle->PublishChanges();
  return nullptr;
}

napi_value Attach(napi_env env, napi_callback_info info) {
  const MatcherCall<5> call(env, info);
  MatcherHandle* handle = call.GetHandle();
  uint64_t id = 0;
  uint64_t pid = 0;
  uint64_t pgrp = 0;
  if (handle == nullptr || !call.GetId(1, 1, "the job id", id) || !call.GetId(2, 0, "the parent's id", pid) ||
      !call.GetId(3, 0, "the process group", pgrp) || !call.GetText(4, "the label must be a string", handle->text)) {
    return nullptr;
  }
  handle->matcher.Attach(id, pid, pgrp, handle->text.view());
  return nullptr;
}

napi_value Detach(napi_env env, napi_callback_info info) {
  const MatcherCall<2> call(env, info);
  MatcherHandle* handle = call.GetHandle();
  uint64_t id = 0;
  if (handle == nullptr || !call.GetId(1, 1, "the job id", id)) return nullptr;
  handle->matcher.Detach(id);
  handle->PublishChanges();
  return nullptr;
}

napi_value Choose(napi_env env, napi_callback_info info) {
  const MatcherCall<1> call(env, info);
  MatcherHandle* handle = call.GetHandle();
  if (handle != nullptr) call.registry()->Choose(handle);
  return nullptr;
}

napi_value MatchChosen(napi_env env, napi_callback_info info) {
  const MatcherCall<1> call(env, info);
  MatcherHandle* const handle = call.registry()->chosen;
  if (handle == nullptr) [[unlikely]] {
    ThrowType(env, "no matcher has been chosen");
    return nullptr;
  }
  EventString& text = handle->text;
  if (!call.GetText(0, "the event must be a string", text)) return nullptr;
  trigger::Matcher& matcher = handle->matcher;
  const std::ptrdiff_t count =
      text.is_fresh() ? matcher.MatchFresh(text.fresh(), text.dashes()) : matcher.MatchPadded(text.view());
  // In memory, numbers cost a tenth of what they cost as a returned value.
  double* const numbers = handle->numbers.get();
  numbers[0] = static_cast<double>(count);
  if (count > 0) WritePairs(matcher.results(), numbers + kHeaderNumbers, handle->length - kHeaderNumbers);
  handle->PublishChanges();
  return nullptr;
}

napi_value MatchBatch(napi_env env, napi_callback_info info) {
  constexpr std::size_t kHeader = 3;
  constexpr std::size_t kNumbers = 4;  // of an entry
  const MatcherCall<5> call(env, info);
  MatcherHandle* handle = call.GetHandle();
  void* bytes = nullptr;
  std::size_t size = 0;
  uint64_t from = 0;
  void* room = nullptr;
  std::size_t length = 0;
  bool lifecycle = false;
  if (handle == nullptr || !call.GetArray(1, napi_uint8_array, "the events must be a Uint8Array", bytes, size) ||
      !call.GetId(2, 0, "the first byte", from) ||
      !call.GetArray(3, napi_float64_array, "the results must be a Float64Array", room, length)) {
    return nullptr;
  }
  if (napi_get_value_bool(env, call[4], &lifecycle) != napi_ok || length < kHeader + kNumbers) {
    ThrowType(env, "the results must have room for an entry, and whether jobs are told of must be true or false");
    return nullptr;
  }
  trigger::BatchResult& result = handle->batch;
  const std::string_view text(static_cast<const char*>(bytes), size);
  const std::size_t enough = (length - kHeader) / kNumbers;
  handle->matcher.MatchBatch(text, static_cast<std::size_t>(std::min<uint64_t>(from, size)), enough, lifecycle, result);
  handle->PublishChanges();

  // The last event may fire more than there is room for.
  napi_value larger = nullptr;
  const std::size_t needed = kHeader + kNumbers * result.entries.size();
  if (needed > length) {
    napi_value buffer = nullptr;
    if (napi_create_arraybuffer(env, needed * sizeof(double), &room, &buffer) != napi_ok) return nullptr;
    napi_create_typedarray(env, napi_float64_array, needed, buffer, 0, &larger);
  }
  auto* numbers = static_cast<double*>(room);
  numbers[0] = static_cast<double>(result.next);
  numbers[1] = static_cast<double>(result.events);
  numbers[2] = static_cast<double>(needed);
  double* at = numbers + kHeader;
  for (const trigger::BatchEntry& entry : result.entries) {
    *at++ = static_cast<double>(entry.callback);
    *at++ = Number(entry.owner);
    *at++ = Number(entry.start);
    *at++ = Number(entry.end);
  }
  constexpr std::size_t kKept = 16384;
  if (result.entries.capacity() > kKept) result = trigger::BatchResult();
  return larger;
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
  add("matcherChoose", Choose);
  add("matcherMatchChosen", MatchChosen);
  add("matcherMatchBatch", MatchBatch);
  add("matcherFetch", Fetch);
  add("matcherStats", Stats);
  AddMatcherMemories(add);
}

}  // namespace ucb::addon
