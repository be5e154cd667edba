#include "addon/event_string.h"

#include <algorithm>
#include <cstddef>

namespace ucb::addon {

bool EventString::Read(napi_env env, napi_value value) {
  std::size_t length = 0;
  if (napi_get_value_string_utf16(env, value, units_.data(), kShort, &length) != napi_ok) return false;
  // A full array may have cut the string.
  if (length + 1 == kShort) return ReadLong(env, value);
  // Whole steps, so that each is a few wide instructions; what lies behind the string is made harmless.
  constexpr std::size_t kStep = 16;
  std::fill_n(units_.begin() + static_cast<std::ptrdiff_t>(length), kStep, u'\0');
  unsigned all = 0;
  for (std::size_t at = 0; at < length; at += kStep) {
    for (std::size_t i = at; i < at + kStep; ++i) {
      all |= units_[i];
      short_[i] = static_cast<char>(units_[i]);
    }
  }
  if (all >= 0x80) return ReadLong(env, value);
  view_ = {short_.data(), length};
  return true;
}

bool EventString::ReadLong(napi_env env, napi_value value) {
  std::size_t length = 0;
  if (napi_get_value_string_utf8(env, value, nullptr, 0, &length) != napi_ok) return false;
  long_.resize(length + 1 + trigger::kTextPadding);
  if (napi_get_value_string_utf8(env, value, long_.data(), length + 1, &length) != napi_ok) return false;
  view_ = {long_.data(), length};
  return true;
}

}  // namespace ucb::addon
