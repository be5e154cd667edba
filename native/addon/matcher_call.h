#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "addon/event_string.h"
#include "addon/node_api.h"
#include "core/trigger/matcher.h"

// What the functions of a matcher begin with. They are called for every event of a farm, so they are plain Node-API
// callbacks: a wrapped object's method costs twice as much to enter.
namespace ucb::addon {

inline constexpr const char* kArgument = "ERR_UCB_ARGUMENT";

struct MatcherHandle;

// The matchers of one environment. A handle is trusted only if it is found here: any external can be passed from
// JavaScript.
struct MatcherRegistry {
  std::vector<MatcherHandle*> live;
  MatcherHandle* last = nullptr;    // the one found last
  MatcherHandle* chosen = nullptr;  // the one that events are matched by which come without a handle

  bool Knows(MatcherHandle* handle) {
    if (handle == last) return handle != nullptr;
    if (std::find(live.begin(), live.end(), handle) == live.end()) return false;
    last = handle;
    return true;
  }

  // Null chooses none.
  void Choose(MatcherHandle* handle);
  void Forget(MatcherHandle* handle);
};

// Finalizers may run after the environment's cleanup hooks, so that the registry belongs to the handles as well.
using SharedMatcherRegistry = std::shared_ptr<MatcherRegistry>;

inline constexpr std::size_t kHeaderNumbers = 2;

struct MatcherHandle {
  SharedMatcherRegistry registry;
  // What JavaScript reads without a call: the count of the last match's results, how many owners' memories have changed
  // since they were taken, the first pairs of the results, and, behind those, whether this is the chosen matcher.
  std::shared_ptr<double[]> numbers;
  std::size_t length = 0;  // of what is in front of the last number
  trigger::Matcher matcher;
  trigger::BatchResult batch;  // kept between batches so that they allocate nothing
  EventString text;            // of the call at hand

  void PublishChanges() { numbers[1] = static_cast<double>(matcher.changed_owners()); }
  void PublishChosen(bool is_chosen) { numbers[length] = is_chosen ? 1 : 0; }
};

inline void MatcherRegistry::Choose(MatcherHandle* handle) {
  if (chosen != nullptr) chosen->PublishChosen(false);
  chosen = handle;
  if (handle != nullptr) handle->PublishChosen(true);
}

inline void MatcherRegistry::Forget(MatcherHandle* handle) {
  live.erase(std::remove(live.begin(), live.end(), handle), live.end());
  last = nullptr;
  if (chosen == handle) Choose(nullptr);
}

inline void ThrowType(napi_env env, const char* message) {
  napi_throw_type_error(env, kArgument, message);
}
inline void ThrowRange(napi_env env, const char* message) {
  napi_throw_range_error(env, kArgument, message);
}

// The arguments of one call. Each getter throws in JavaScript and gives false if the argument is wrong.
template <std::size_t kCount>
class MatcherCall {
 public:
  MatcherCall(napi_env env, napi_callback_info info) : env_(env) {
    std::size_t count = kCount;
    napi_get_cb_info(env, info, &count, arguments_.data(), nullptr, &data_);
  }

  SharedMatcherRegistry& registry() const { return *static_cast<SharedMatcherRegistry*>(data_); }
  napi_value operator[](std::size_t index) const { return arguments_[index]; }

  MatcherHandle* GetHandle() const {
    void* pointer = nullptr;
    if (napi_get_value_external(env_, arguments_[0], &pointer) == napi_ok) {
      auto* handle = static_cast<MatcherHandle*>(pointer);
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

  [[gnu::always_inline]] bool GetText(std::size_t index, const char* message, EventString& text) const {
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

}  // namespace ucb::addon
