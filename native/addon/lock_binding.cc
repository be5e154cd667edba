#include "addon/lock_binding.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "addon/script_error.h"
#include "addon/script_value.h"
#include "core/process/file_lock.h"

namespace ucb::addon {
namespace {

// Locks still held, by the number given for each: a number that was never given, or was released, does nothing.
// An environment that ends releases its locks with this object.
struct Locks {
  std::vector<UniqueFd> held;
};

napi_value Lock(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument = nullptr;
  void* data = nullptr;
  std::string path;
  napi_get_cb_info(env, info, &count, &argument, nullptr, &data);
  if (count < 1 || !ReadString(env, argument, path) || path.empty() || path.front() != '/') {
    ThrowError(env, "ERR_UCB_ARGUMENT", "the path of a lock must be absolute");
    return nullptr;
  }
  Result<UniqueFd> lock = LockFile(path);
  if (!lock) {
    ThrowError(env, "ERR_UCB_STATE", lock.error());
    return nullptr;
  }
  auto& held = static_cast<Locks*>(data)->held;
  held.push_back(std::move(lock.value()));
  napi_value number = nullptr;
  napi_create_uint32(env, static_cast<uint32_t>(held.size() - 1), &number);
  return number;
}

napi_value Unlock(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument = nullptr;
  void* data = nullptr;
  double number = 0;
  napi_get_cb_info(env, info, &count, &argument, nullptr, &data);
  auto& held = static_cast<Locks*>(data)->held;
  if (count < 1 || !ReadInteger(env, argument, 0, static_cast<double>(held.size()) - 1, number)) {
    ThrowError(env, "ERR_UCB_ARGUMENT", "there is no such lock");
    return nullptr;
  }
  held[static_cast<size_t>(number)].Reset();
  return nullptr;
}

}  // namespace

void AddLock(Napi::Env env, Napi::Object exports) {
  auto locks = std::make_unique<Locks>();
  const std::pair<const char*, napi_callback> functions[] = {{"fileLock", Lock}, {"fileUnlock", Unlock}};
  for (const auto& [name, callback] : functions) {
    napi_value function = nullptr;
    napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, locks.get(), &function);
    napi_set_named_property(env, exports, name, function);
  }
  napi_add_env_cleanup_hook(
      env, [](void* data) { delete static_cast<Locks*>(data); }, locks.release());
}

}  // namespace ucb::addon
