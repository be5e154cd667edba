#pragma once

#include <string>

#include "core/base/result.h"
#include "core/base/unique_fd.h"

namespace ucb {

// Opens `path`, which must be absolute, for appending. A missing file is created with mode 0640, missing folders with
// 0750. The last component may not be a link, nor any before it that others than root and this user can have placed
// there: then the error is ELOOP and names it. Opening never waits for the other end of a pipe.
Result<UniqueFd> OpenForAppend(const std::string& path);

// The same for reading; nothing is created.
Result<UniqueFd> OpenForReading(const std::string& path);

// `/dev/null`, for reading and writing.
Result<UniqueFd> OpenNull();

}  // namespace ucb
