#pragma once

#include <cstddef>

#include "addon/node_api.h"
#include "core/base/error.h"
#include "core/process/message.h"

namespace ucb::addon {

// The numbers of one message: nativeRecord of lib/native.ts has their places. Reading numbers from an array costs
// JavaScript a fraction of what making an object for each message costs us.
constexpr std::size_t kRecordSize = 12;

// Writes kRecordSize numbers.
void WriteRecord(const Message& message, double* record);

// A NativeFailure of lib/native.ts.
napi_value ToFailure(napi_env env, const Error& error);

}  // namespace ucb::addon
