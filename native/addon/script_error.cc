#include "addon/script_error.h"

#include "core/process/error_name.h"

namespace ucb::addon {
namespace {

napi_value Text(napi_env env, const std::string& text) {
  napi_value value = nullptr;
  napi_create_string_utf8(env, text.data(), text.size(), &value);
  return value;
}

}  // namespace

void ThrowError(napi_env env, const char* code, const std::string& message) {
  napi_throw_error(env, code, message.c_str());
}

void ThrowError(napi_env env, const char* code, const Error& error) {
  const std::string name = ErrorName(error.error_number);
  napi_value object = nullptr;
  if (napi_create_error(env, Text(env, code), Text(env, error.syscall + ": " + name), &object) != napi_ok) return;
  napi_set_named_property(env, object, "errno", Text(env, name));
  napi_set_named_property(env, object, "syscall", Text(env, error.syscall));
  if (!error.path.empty()) napi_set_named_property(env, object, "path", Text(env, error.path));
  napi_throw(env, object);
}

}  // namespace ucb::addon
