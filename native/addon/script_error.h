#pragma once

#include <string>

#include "addon/node_api.h"
#include "core/base/error.h"

namespace ucb::addon {

// Makes an Error with `code`, one of lib/errors.ts, the pending exception.
void ThrowError(napi_env env, const char* code, const std::string& message);

// The same with `errno`, `syscall` and `path` of a system call that failed.
void ThrowError(napi_env env, const char* code, const Error& error);

}  // namespace ucb::addon
