#include "core/process/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>

namespace ucb {

Result<UniqueFd> LockFile(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600));
  if (!fd) return Error::System("open", errno, path);
  while (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EINTR) return Error::System("flock", errno, path);
  }
  return fd;
}

}  // namespace ucb
