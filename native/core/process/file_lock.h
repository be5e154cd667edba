#pragma once

#include <string>

#include "core/base/result.h"
#include "core/base/unique_fd.h"

namespace ucb {

// Opens `path`, made with mode 0600 if it is missing, and locks it for this open file: the system unlocks it when the
// descriptor is closed, also by the death of the process. EWOULDBLOCK if anybody has it, this process included.
Result<UniqueFd> LockFile(const std::string& path);

}  // namespace ucb
