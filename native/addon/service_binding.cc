#include "addon/service_binding.h"

#include <array>
#include <string>

#include "addon/script_error.h"
#include "addon/script_value.h"
#include "core/process/service_notice.h"

namespace ucb::addon {
namespace {

napi_value Notify(napi_env env, napi_callback_info info) {
  std::array<napi_value, 2> arguments{};
  size_t count = arguments.size();
  std::string address;
  std::string text;
  napi_get_cb_info(env, info, &count, arguments.data(), nullptr, nullptr);
  if (count < 2 || !ReadString(env, arguments[0], address) || !ReadString(env, arguments[1], text)) {
    ThrowError(env, "ERR_UCB_ARGUMENT", "an address and a text are needed");
    return nullptr;
  }
  const Status told = NotifyService(address, text);
  if (!told) ThrowError(env, "ERR_UCB_CONTROL", told.error());
  return nullptr;
}

}  // namespace

void AddService(Napi::Env env, Napi::Object exports) {
  napi_value function = nullptr;
  napi_create_function(env, "serviceNotify", NAPI_AUTO_LENGTH, Notify, nullptr, &function);
  napi_set_named_property(env, exports, "serviceNotify", function);
}

}  // namespace ucb::addon
