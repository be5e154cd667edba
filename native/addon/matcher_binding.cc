#include "addon/matcher_binding.h"

namespace ucb::addon {

void AddMatcher(Napi::Env, Napi::Object) {}

}  // namespace ucb::addon
