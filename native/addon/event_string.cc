#include "addon/event_string.h"

namespace ucb::addon {

bool EventString::Read(napi_env env, napi_value value) {
  std::size_t length = 0;
  if (napi_get_value_string_utf16(env, value, units_.data(), units_.size(), &length) != napi_ok) return false;
  // A full array may have cut the string.
  if (length + 1 == units_.size()) return ReadLong(env, value);
  unsigned all = 0;
  for (std::size_t i = 0; i < length; ++i) {
    all |= units_[i];
    short_[i] = static_cast<char>(units_[i]);
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
