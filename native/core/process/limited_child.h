#pragma once

#include <sys/types.h>

#include <span>

#include "core/base/result.h"
#include "core/process/platform.h"
#include "core/process/request.h"

namespace ucb {

// What becomes of a child before its program runs.
struct LimitedChild {
  const LaunchRequest& request;
  std::span<char* const> argv;  // ends with a null pointer, like the next
  std::span<char* const> env;
  int input;  // above 2, like the next
  int output;
  int script;  // above kScriptDescriptor, or -1
};

// Starts a child as Spawner does, within the request's limits: they hold from the first instruction of its program on,
// which posix_spawn has no means for. The memory of this process is not copied. All signals must be blocked on the
// calling thread.
Result<pid_t> StartLimited(const platform::Capabilities& capabilities, const LimitedChild& child);

}  // namespace ucb
