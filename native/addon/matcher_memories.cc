#include "addon/matcher_memories.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "addon/matcher_call.h"
#include "core/trigger/matcher.h"

namespace ucb::addon {
namespace {

constexpr const char* kMemories = "ERR_UCB_MEMORIES";

// Owners with what they remember, as one array: the owner's id and the size of what follows as float64, then the bytes.
class MemoryList {
 public:
  void Add(uint64_t owner, std::span<const std::byte> exported) {
    const std::array<double, 2> head = {static_cast<double>(owner), static_cast<double>(exported.size())};
    const auto bytes = std::as_bytes(std::span(head));
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    bytes_.insert(bytes_.end(), exported.begin(), exported.end());
  }

  std::size_t size() const { return bytes_.size(); }

  napi_value Value(napi_env env) const {
    napi_value buffer = nullptr;
    napi_value array = nullptr;
    void* data = nullptr;
    if (napi_create_arraybuffer(env, bytes_.size(), &data, &buffer) != napi_ok) return nullptr;
    if (!bytes_.empty()) std::memcpy(data, bytes_.data(), bytes_.size());
    napi_create_typedarray(env, napi_uint8_array, bytes_.size(), buffer, 0, &array);
    return array;
  }

 private:
  std::vector<std::byte> bytes_;
};

}  // namespace

napi_value TrackMemories(napi_env env, napi_callback_info info) {
  const MatcherCall<1> call(env, info);
  if (MatcherHandle* handle = call.GetHandle()) handle->matcher.TrackMemories();
  return nullptr;
}

napi_value TakeChangedMemories(napi_env env, napi_callback_info info) {
  const MatcherCall<1> call(env, info);
  MatcherHandle* handle = call.GetHandle();
  if (handle == nullptr) return nullptr;
  MemoryList list;
  handle->matcher.TakeChangedMemories(
      [&list](uint64_t owner, std::span<const std::byte> exported) { list.Add(owner, exported); });
  handle->PublishChanges();
  return list.Value(env);
}

napi_value NoteChangedMemories(napi_env env, napi_callback_info info) {
  const MatcherCall<2> call(env, info);
  MatcherHandle* handle = call.GetHandle();
  uint64_t owner = 0;
  if (handle == nullptr || !call.GetId(1, 0, "the owner", owner)) return nullptr;
  handle->matcher.NoteChangedMemories(owner);
  handle->PublishChanges();
  return nullptr;
}

napi_value ExportMemories(napi_env env, napi_callback_info info) {
  constexpr std::size_t kEnough = std::size_t{1} << 16;
  const MatcherCall<2> call(env, info);
  MatcherHandle* handle = call.GetHandle();
  uint64_t cursor = 0;
  if (handle == nullptr || !call.GetId(1, 0, "the cursor", cursor)) return nullptr;
  MemoryList list;
  const auto from = static_cast<uint32_t>(std::min<uint64_t>(cursor, UINT32_MAX));
  const uint32_t next =
      handle->matcher.VisitMemories(from, [&list](uint64_t owner, std::span<const std::byte> exported) {
        list.Add(owner, exported);
        return list.size() < kEnough;
      });
  // Where to go on comes last, like an owner that remembers nothing.
  list.Add(next, {});
  return list.Value(env);
}

napi_value ImportMemories(napi_env env, napi_callback_info info) {
  const MatcherCall<3> call(env, info);
  MatcherHandle* handle = call.GetHandle();
  uint64_t owner = 0;
  void* data = nullptr;
  std::size_t length = 0;
  if (handle == nullptr || !call.GetId(1, 0, "the owner", owner) ||
      !call.GetArray(2, napi_uint8_array, "the memories must be a Uint8Array", data, length)) {
    return nullptr;
  }
  // A copy, as of programs.
  std::vector<std::byte> bytes(length);
  if (length != 0) std::memcpy(bytes.data(), data, length);
  if (const Status status = handle->matcher.ImportMemories(owner, bytes); !status) {
    const Error& error = status.error();
    const std::string message = "the memories of job " + std::to_string(owner) + " are malformed: " + error.message +
                                " (byte " + std::to_string(error.offset) + ")";
    napi_throw_error(env, kMemories, message.c_str());
  }
  handle->PublishChanges();
  return nullptr;
}

napi_value RememberedMemories(napi_env env, napi_callback_info info) {
  const MatcherCall<2> call(env, info);
  MatcherHandle* handle = call.GetHandle();
  uint64_t owner = 0;
  if (handle == nullptr || !call.GetId(1, 0, "the owner", owner)) return nullptr;
  napi_value list = nullptr;
  napi_create_array(env, &list);
  const auto number = [env](uint32_t value) {
    napi_value result = nullptr;
    napi_create_uint32(env, value, &result);
    return result;
  };
  uint32_t at = 0;
  for (const trigger::HalfSatisfied& rule : handle->matcher.Remembered(owner)) {
    napi_value entry = nullptr;
    napi_value satisfied = nullptr;
    napi_create_object(env, &entry);
    napi_create_array_with_length(env, rule.terms.size(), &satisfied);
    for (uint32_t i = 0; i < rule.terms.size(); ++i) napi_set_element(env, satisfied, i, number(rule.terms[i]));
    napi_set_named_property(env, entry, "callback", number(rule.callback));
    napi_set_named_property(env, entry, "satisfied", satisfied);
    napi_set_element(env, list, at++, entry);
  }
  return list;
}

}  // namespace ucb::addon
