#include "addon/launcher_message.h"

#include <string>
#include <string_view>

#include "core/process/system_names.h"

namespace ucb::addon {
namespace {

class Record {
 public:
  explicit Record(napi_env env) : env_(env) { napi_create_object(env, &object_); }

  void Number(const char* key, double number) {
    napi_value value = nullptr;
    napi_create_double(env_, number, &value);
    napi_set_named_property(env_, object_, key, value);
  }
  template <typename Integer>
  void Integer64(const char* key, Integer number) {
    Number(key, static_cast<double>(number));
  }
  void Text(const char* key, std::string_view text) {
    napi_value value = nullptr;
    napi_create_string_utf8(env_, text.data(), text.size(), &value);
    napi_set_named_property(env_, object_, key, value);
  }
  void Boolean(const char* key, bool boolean) {
    napi_value value = nullptr;
    napi_get_boolean(env_, boolean, &value);
    napi_set_named_property(env_, object_, key, value);
  }
  void Null(const char* key) {
    napi_value value = nullptr;
    napi_get_null(env_, &value);
    napi_set_named_property(env_, object_, key, value);
  }
  void SystemError(const Error& error) {
    Text("errno", ErrorName(error.error_number));
    Text("syscall", error.syscall);
    Text("path", error.path);
  }

  napi_value object() const { return object_; }

 private:
  const napi_env env_;
  napi_value object_ = nullptr;
};

const char* KindName(Message::Kind kind) {
  switch (kind) {
    case Message::Kind::kStarted:
      return "started";
    case Message::Kind::kFailed:
      return "failed";
    case Message::Kind::kSlow:
      return "slow";
    case Message::Kind::kExited:
      return "exited";
    case Message::Kind::kLogged:
      return "logged";
    case Message::Kind::kLogFailed:
      return "logfailed";
  }
  return "";
}

}  // namespace

napi_value ToScript(napi_env env, const Message& message) {
  Record record(env);
  record.Text("kind", KindName(message.kind));
  record.Integer64("ticket", message.ticket);
  switch (message.kind) {
    case Message::Kind::kStarted:
      record.Integer64("pid", message.pid);
      record.Integer64("startTicks", message.start_ticks);
      break;
    case Message::Kind::kSlow:
      record.Integer64("pid", message.pid);
      break;
    case Message::Kind::kExited:
      record.Integer64("pid", message.pid);
      message.exit_code < 0 ? record.Null("exitCode") : record.Integer64("exitCode", message.exit_code);
      message.signal == 0 ? record.Null("signal") : record.Text("signal", SignalName(message.signal));
      record.Boolean("timedOut", message.timed_out);
      record.Number("durationMs", message.duration_ms);
      record.Number("userMs", message.user_ms);
      record.Number("systemMs", message.system_ms);
      record.Integer64("maxRssKb", message.max_rss_kb);
      break;
    case Message::Kind::kFailed:
    case Message::Kind::kLogFailed:
      record.SystemError(*message.error);
      break;
    case Message::Kind::kLogged:
      break;
  }
  if (message.kind != Message::Kind::kLogged && message.kind != Message::Kind::kLogFailed) {
    record.Integer64("atMs", message.at_ms);
  }
  return record.object();
}

}  // namespace ucb::addon
