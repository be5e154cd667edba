#include "addon/event_string.h"

#include <cstddef>

namespace ucb::addon {

bool EventString::ReadOther(napi_env env, napi_value value, std::size_t length) {
  // A full array may have cut the string.
  if (length + 1 == kMost) return ReadLong(env, value);
  char16_t all = 0;
  for (std::size_t at = 0; at < length; ++at) {
    all = static_cast<char16_t>(all | units_[at]);
    bytes_[at] = static_cast<char>(units_[at]);
  }
  if (all >= 0x80) return ReadLong(env, value);
  view_ = {bytes_.data(), length};
  return true;
}

bool EventString::ReadLong(napi_env env, napi_value value) {
  units_.fill(u'\0');
  // What one very long event has taken is not kept for those that follow.
  constexpr std::size_t kKept = 65536;
  if (long_.capacity() > kKept) std::string().swap(long_);
  std::size_t length = 0;
  if (napi_get_value_string_utf8(env, value, nullptr, 0, &length) != napi_ok) return false;
  long_.resize(length + 1 + trigger::kTextPadding);
  if (napi_get_value_string_utf8(env, value, long_.data(), length + 1, &length) != napi_ok) return false;
  view_ = {long_.data(), length};
  return true;
}

}  // namespace ucb::addon
