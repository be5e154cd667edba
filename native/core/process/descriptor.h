#pragma once

#include <fcntl.h>

#include <cerrno>
#include <string>
#include <utility>

#include "core/base/result.h"
#include "core/base/unique_fd.h"

namespace ucb {

// The same open file at a descriptor that is `least` or more, where nothing overwrites it that is put below. Programs
// do not inherit it.
inline Result<UniqueFd> AtLeast(UniqueFd fd, int least, const std::string& path = {}) {
  if (fd.get() >= least) return fd;
  UniqueFd moved(::fcntl(fd.get(), F_DUPFD_CLOEXEC, least));
  if (!moved) return Error::System("fcntl", errno, path);
  return moved;
}

}  // namespace ucb
