#include "core/process/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <string_view>
#include <utility>
#include <vector>

#include "core/process/descriptor.h"
#include "core/process/platform.h"

namespace ucb {
namespace {

constexpr mode_t kFileMode = 0640;
constexpr mode_t kFolderMode = 0750;

constexpr int kMostLinks = 40;

bool IsTrusted(const struct stat& status) {
  return status.st_uid == 0 || status.st_uid == ::geteuid();
}

// Whether only root or we can have placed this link in this folder.
bool IsTrustedLink(const struct stat& folder, const struct stat& link) {
  const bool shared = (folder.st_mode & (S_IWGRP | S_IWOTH)) != 0 && (folder.st_mode & S_ISVTX) == 0;
  return IsTrusted(folder) && IsTrusted(link) && !shared;
}

// The components of `path` before those of `pending`, the next one last.
void AddComponents(std::string_view path, std::vector<std::string>& pending) {
  while (!path.empty()) {
    const std::size_t slash = path.rfind('/');
    const std::string_view name = slash == std::string_view::npos ? path : path.substr(slash + 1);
    if (!name.empty() && name != ".") pending.emplace_back(name);
    path = slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
  }
}

// The way to a file, one component after the other, so that each link on it can be looked at.
class Walk {
 public:
  // A folder of `path`, which is absolute, with links followed that nobody else can have placed. Missing folders are
  // made if `make` says so.
  static Result<UniqueFd> OpenFolder(std::string_view path, bool make) {
    Walk walk;
    AddComponents(path, walk.pending_);
    Status status = walk.GoToRoot();
    while (status && !walk.pending_.empty()) status = walk.Step(make);
    if (!status) return status.error();
    return std::move(walk.folder_);
  }

 private:
  Status GoToRoot() {
    folder_.Reset(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
    at_.clear();
    return folder_ ? Status(Unit{}) : Error::System("open", errno, "/");
  }

  Status Step(bool make) {
    const std::string name = std::move(pending_.back());
    pending_.pop_back();
    const std::string path = at_ + "/" + name;
    constexpr int kFlags = O_PATH | O_NOFOLLOW | O_CLOEXEC;
    UniqueFd next(::openat(folder_.get(), name.c_str(), kFlags));
    if (!next && errno == ENOENT && make) {
      // Somebody else may make it meanwhile.
      if (::mkdirat(folder_.get(), name.c_str(), kFolderMode) != 0 && errno != EEXIST) {
        return Error::System("mkdir", errno, path);
      }
      next.Reset(::openat(folder_.get(), name.c_str(), kFlags));
    }
    struct stat status {};
    if (!next || ::fstat(next.get(), &status) != 0) return Error::System("open", errno, path);
    if (S_ISLNK(status.st_mode)) return Follow(next.get(), status, path);
    if (!S_ISDIR(status.st_mode)) return Error::System("open", ENOTDIR, path);
    folder_ = std::move(next);
    at_ = path;
    return Unit{};
  }

  Status Follow(int link, const struct stat& status, const std::string& path) {
    struct stat folder {};
    if (::fstat(folder_.get(), &folder) != 0) return Error::System("fstat", errno, at_);
    if (++links_ > kMostLinks || !IsTrustedLink(folder, status)) return Error::System("open", ELOOP, path);
    std::array<char, PATH_MAX> target{};
    const ssize_t size = ::readlinkat(link, "", target.data(), target.size());
    if (size < 0) return Error::System("readlink", errno, path);
    const std::string_view text(target.data(), static_cast<std::size_t>(size));
    AddComponents(text, pending_);
    return text.starts_with('/') ? GoToRoot() : Status(Unit{});
  }

  UniqueFd folder_;
  std::string at_;  // where that is, for errors
  std::vector<std::string> pending_;
  int links_ = 0;
};

// Opens `path` as open(2) would, but follows no link that others can have placed, and none at its end.
Result<UniqueFd> OpenSafely(const std::string& path, int flags) {
  UniqueFd fd(platform::OpenWithoutLinks(path.c_str(), flags, kFileMode));
  if (fd) return fd;
  const bool make = (flags & O_CREAT) != 0;
  // A system call filter may answer EPERM; whether it was one shows in what follows.
  const bool undecided = errno == ELOOP || errno == ENOSYS || errno == EPERM || (errno == ENOENT && make);
  if (!undecided) return Error::System("open", errno, path);
  const std::size_t slash = path.rfind('/');
  const Result<UniqueFd> folder = Walk::OpenFolder(std::string_view(path).substr(0, slash), make);
  if (!folder) return folder.error();
  fd.Reset(::openat(folder.value().get(), path.c_str() + slash + 1, flags, kFileMode));
  if (!fd) return Error::System("open", errno, path);
  return fd;
}

// Our descriptors become a child's 0 to 2 by dup2, one after the other; a source among those numbers would be
// overwritten, or keep its close-on-exec flag.
constexpr int kAboveStandard = 3;

}  // namespace

Result<UniqueFd> OpenForAppend(const std::string& path) {
  constexpr int kFlags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK;
  Result<UniqueFd> opened = OpenSafely(path, kFlags);
  if (!opened) return opened.error();
  UniqueFd fd = std::move(opened.value());
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return Error::System("fstat", errno, path);
  // Not waiting was for the opening alone; it means nothing to a regular file, but whoever writes to a pipe or a
  // device expects to wait.
  if (!S_ISREG(status.st_mode) && ::fcntl(fd.get(), F_SETFL, O_WRONLY | O_APPEND) != 0) {
    return Error::System("fcntl", errno, path);
  }
  return AtLeast(std::move(fd), kAboveStandard, path);
}

Result<UniqueFd> OpenForReading(const std::string& path) {
  return OpenSafely(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
}

Result<UniqueFd> OpenNull() {
  const char* const path = "/dev/null";
  UniqueFd fd(::open(path, O_RDWR | O_CLOEXEC));
  if (!fd) return Error::System("open", errno, path);
  return AtLeast(std::move(fd), kAboveStandard, path);
}

}  // namespace ucb
