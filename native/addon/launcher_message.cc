#include "addon/launcher_message.h"

#include <algorithm>
#include <array>
#include <string>

#include "core/process/error_name.h"

namespace ucb::addon {
namespace {

void SetText(napi_env env, napi_value object, const char* key, const std::string& text) {
  napi_value value = nullptr;
  napi_create_string_utf8(env, text.data(), text.size(), &value);
  napi_set_named_property(env, object, key, value);
}

}  // namespace

void WriteRecord(const Message& message, double* record) {
  const std::array<double, kRecordSize> numbers = {
      static_cast<double>(message.kind),
      static_cast<double>(message.ticket),
      static_cast<double>(message.at_ms),
      static_cast<double>(message.pid),
      static_cast<double>(message.start_ticks),
      static_cast<double>(message.exit_code),
      static_cast<double>(message.signal),
      message.timed_out || message.warm ? 1.0 : 0.0,
      message.duration_ms,
      message.user_ms,
      message.system_ms,
      static_cast<double>(message.max_rss_kb),
  };
  std::copy(numbers.begin(), numbers.end(), record);
}

napi_value ToFailure(napi_env env, const Error& error) {
  napi_value object = nullptr;
  napi_create_object(env, &object);
  SetText(env, object, "errno", ErrorName(error.error_number));
  SetText(env, object, "syscall", error.syscall);
  SetText(env, object, "path", error.path);
  SetText(env, object, "message", error.message);
  return object;
}

}  // namespace ucb::addon
