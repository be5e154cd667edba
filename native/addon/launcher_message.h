#pragma once

#include "addon/node_api.h"
#include "core/process/message.h"

namespace ucb::addon {

// A NativeMessage of lib/native.ts.
napi_value ToScript(napi_env env, const Message& message);

}  // namespace ucb::addon
