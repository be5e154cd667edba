#pragma once

#include "addon/node_api.h"

namespace ucb::addon {

// Adds the launcher* functions of lib/native.ts to the addon's exports.
void AddLauncher(Napi::Env env, Napi::Object exports);

}  // namespace ucb::addon
