#pragma once

#include <optional>
#include <string>

#include "addon/node_api.h"

namespace ucb::addon {

// False if `value` is not a string. Lone surrogates become U+FFFD.
bool ReadString(napi_env env, napi_value value, std::string& text);

// False if `value` is not a number from `least` to `most`.
bool ReadNumber(napi_env env, napi_value value, double least, double most, double& number);
// The same, and whole.
bool ReadInteger(napi_env env, napi_value value, double least, double most, double& number);

// False if `value` is neither null nor a Uint8Array.
bool ReadBytesOrNull(napi_env env, napi_value value, std::optional<std::string>& bytes);

// Reads the properties of an object. What is wrong is remembered, the first time, instead of told at each call.
class Fields {
 public:
  Fields(napi_env env, napi_value object) : env_(env), object_(object) {}

  // A string, whatever it holds.
  std::string Text(const char* name);
  // An absolute path.
  std::string Path(const char* name);
  std::optional<std::string> PathOrNull(const char* name);

  // The name of the first property that is not what was asked for; null if all are.
  const char* wrong() const { return wrong_; }

 private:
  napi_value Get(const char* name);
  std::string String(const char* name, napi_value value);
  std::string AbsolutePath(const char* name, napi_value value);
  void Wrong(const char* name) {
    if (wrong_ == nullptr) wrong_ = name;
  }

  const napi_env env_;
  const napi_value object_;
  const char* wrong_ = nullptr;
};

}  // namespace ucb::addon
