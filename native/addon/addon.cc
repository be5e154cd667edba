#include "addon/launcher_binding.h"
#include "addon/lock_binding.h"
#include "addon/matcher_binding.h"
#include "addon/node_api.h"
#include "addon/service_binding.h"

namespace ucb::addon {
namespace {

// State of one environment (the main thread's or a worker's); there is no other.
class Instance : public Napi::Addon<Instance> {
 public:
  Instance(Napi::Env env, Napi::Object exports) {
    AddMatcher(env, exports);
    AddLauncher(env, exports);
    AddLock(env, exports);
    AddService(env, exports);
  }
};

NODE_API_ADDON(Instance)

}  // namespace
}  // namespace ucb::addon
