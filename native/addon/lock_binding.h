#pragma once

#include "addon/node_api.h"

namespace ucb::addon {

// Adds the file lock functions of lib/native.ts to the addon's exports.
void AddLock(Napi::Env env, Napi::Object exports);

}  // namespace ucb::addon
