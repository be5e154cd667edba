#pragma once

#include "addon/node_api.h"

namespace ucb::addon {

// Adds the functions for service managers of lib/native.ts to the addon's exports.
void AddService(Napi::Env env, Napi::Object exports);

}  // namespace ucb::addon
