#include "addon/launcher_binding.h"

namespace ucb::addon {

void AddLauncher(Napi::Env, Napi::Object) {}

}  // namespace ucb::addon
