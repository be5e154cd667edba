#pragma once

#include <string>

#include "core/base/result.h"
#include "core/base/unique_fd.h"

namespace ucb {

// Opens `path`, which must be absolute, for appending. A missing file is created with mode 0640, missing folders with
// 0750. The last component may not be a link; opening never waits for the other end of a pipe.
Result<UniqueFd> OpenForAppend(const std::string& path);

// `/dev/null`, for reading and writing.
Result<UniqueFd> OpenNull();

}  // namespace ucb
