#include "addon/script_value.h"

#include <array>
#include <cmath>

namespace ucb::addon {

bool ReadString(napi_env env, napi_value value, std::string& text) {
  // Nearly all strings are short: copying and asking for the length are one call then.
  std::array<char, 2048> buffer;
  std::size_t size = 0;
  if (napi_get_value_string_utf8(env, value, buffer.data(), buffer.size(), &size) != napi_ok) return false;
  // A full buffer may hold less than all, cut at a character of up to four bytes.
  if (size < buffer.size() - 4) {
    text.assign(buffer.data(), size);
    return true;
  }
  napi_get_value_string_utf8(env, value, nullptr, 0, &size);
  text.resize(size + 1);
  napi_get_value_string_utf8(env, value, text.data(), text.size(), &size);
  text.resize(size);
  return true;
}

bool ReadNumber(napi_env env, napi_value value, double least, double most, double& number) {
  // Written so that NaN is refused.
  return napi_get_value_double(env, value, &number) == napi_ok && number >= least && number <= most;
}

bool ReadInteger(napi_env env, napi_value value, double least, double most, double& number) {
  return ReadNumber(env, value, least, most, number) && std::trunc(number) == number;
}

bool ReadBytesOrNull(napi_env env, napi_value value, std::optional<std::string>& bytes) {
  napi_valuetype type = napi_undefined;
  napi_typeof(env, value, &type);
  if (type == napi_null) {
    bytes.reset();
    return true;
  }
  napi_typedarray_type elements = napi_int8_array;
  std::size_t length = 0;
  void* data = nullptr;
  bool is_array = false;
  if (napi_is_typedarray(env, value, &is_array) != napi_ok || !is_array ||
      napi_get_typedarray_info(env, value, &elements, &length, &data, nullptr, nullptr) != napi_ok ||
      elements != napi_uint8_array) {
    return false;
  }
  bytes.emplace(length == 0 ? std::string() : std::string(static_cast<const char*>(data), length));
  return true;
}

napi_value Fields::Get(const char* name) {
  napi_value value = nullptr;
  if (napi_get_named_property(env_, object_, name, &value) != napi_ok) Wrong(name);
  return value;
}

std::string Fields::String(const char* name, napi_value value) {
  std::string text;
  if (value == nullptr || !ReadString(env_, value, text)) Wrong(name);
  return text;
}

std::string Fields::AbsolutePath(const char* name, napi_value value) {
  std::string path = String(name, value);
  if (path.empty() || path.front() != '/' || path.find('\0') != std::string::npos) Wrong(name);
  return path;
}

std::string Fields::Text(const char* name) {
  return String(name, Get(name));
}

std::string Fields::Path(const char* name) {
  return AbsolutePath(name, Get(name));
}

std::optional<std::string> Fields::PathOrNull(const char* name) {
  const napi_value value = Get(name);
  napi_valuetype type = napi_undefined;
  if (value != nullptr && napi_typeof(env_, value, &type) == napi_ok && type == napi_null) return std::nullopt;
  return AbsolutePath(name, value);
}

}  // namespace ucb::addon
