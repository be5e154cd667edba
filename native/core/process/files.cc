#include "core/process/files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

namespace ucb {
namespace {

constexpr mode_t kFileMode = 0640;
constexpr mode_t kFolderMode = 0750;

Status MakeFolder(const std::string& path) {
  if (::mkdir(path.c_str(), kFolderMode) == 0 || errno == EEXIST) return Unit{};
  const std::size_t slash = path.rfind('/');
  if (errno != ENOENT || slash == 0 || slash == std::string::npos) return Error::System("mkdir", errno, path);
  Status parent = MakeFolder(path.substr(0, slash));
  if (!parent) return parent;
  // Somebody else may have made it meanwhile.
  if (::mkdir(path.c_str(), kFolderMode) == 0 || errno == EEXIST) return Unit{};
  return Error::System("mkdir", errno, path);
}

// Our descriptors become a child's 0 to 2 by dup2, one after the other; a source among those numbers would be
// overwritten, or keep its close-on-exec flag.
Result<UniqueFd> AboveStandard(UniqueFd fd, const std::string& path) {
  if (fd.get() > 2) return fd;
  UniqueFd moved(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 3));
  if (!moved) return Error::System("fcntl", errno, path);
  return moved;
}

}  // namespace

Result<UniqueFd> OpenForAppend(const std::string& path) {
  constexpr int kFlags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK;
  UniqueFd fd(::open(path.c_str(), kFlags, kFileMode));
  if (!fd && errno == ENOENT) {
    const std::size_t slash = path.rfind('/');
    if (slash != 0 && slash != std::string::npos) {
      const Status made = MakeFolder(path.substr(0, slash));
      if (!made) return made.error();
    }
    fd.Reset(::open(path.c_str(), kFlags, kFileMode));
  }
  if (!fd) return Error::System("open", errno, path);
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return Error::System("fstat", errno, path);
  // Not waiting was for the opening alone; it means nothing to a regular file, but whoever writes to a pipe or a
  // device expects to wait.
  if (!S_ISREG(status.st_mode) && ::fcntl(fd.get(), F_SETFL, O_WRONLY | O_APPEND) != 0) {
    return Error::System("fcntl", errno, path);
  }
  return AboveStandard(std::move(fd), path);
}

Result<UniqueFd> OpenNull() {
  const char* const path = "/dev/null";
  UniqueFd fd(::open(path, O_RDWR | O_CLOEXEC));
  if (!fd) return Error::System("open", errno, path);
  return AboveStandard(std::move(fd), path);
}

}  // namespace ucb
