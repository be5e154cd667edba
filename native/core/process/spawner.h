#pragma once

#include <sys/types.h>

#include <vector>

#include "core/base/result.h"
#include "core/process/platform.h"
#include "core/process/request.h"
#include "core/process/spawn_settings.h"

namespace ucb {

// Starts processes for one thread: each in a session of its own, with default signals, nothing inherited but what
// the request names.
class Spawner {
 public:
  // `null_fd` is /dev/null, open for reading and writing, above 2; it outlives the spawner.
  Spawner(const platform::Capabilities& capabilities, int null_fd);
  Spawner(const Spawner&) = delete;
  Spawner& operator=(const Spawner&) = delete;

  // Returns once the program runs, or says which step failed. Nothing is left open either way.
  Result<pid_t> Spawn(LaunchRequest& request);

 private:
  const platform::Capabilities capabilities_;
  const int null_fd_;
  const SpawnAttributes attributes_;
  std::vector<char*> pointers_;  // argv and the environment of the current request, one after the other
};

}  // namespace ucb
