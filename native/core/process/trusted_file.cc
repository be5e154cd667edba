#include "core/process/trusted_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

#include "core/process/descriptor.h"

namespace ucb {
namespace {

Error Refused(const std::string& path, const char* what) {
  Error error = Error::System("open", EACCES, path);
  error.message = path + " " + what;
  return error;
}

bool IsShared(const struct stat& status) {
  return S_ISDIR(status.st_mode) && (status.st_mode & S_ISVTX) != 0 && (status.st_mode & (S_IWGRP | S_IWOTH)) != 0;
}

Status Check(const TrustedFile& file, const std::string& path, const struct stat& status) {
  const bool last = path.size() == file.path.size();
  if (S_ISLNK(status.st_mode)) return Refused(path, "has become a link since it was configured");
  if (last && !S_ISREG(status.st_mode)) return Refused(path, "is no regular file any more");
  if (status.st_uid != 0 && status.st_uid != ::geteuid()) return Refused(path, "belongs to another user by now");
  const bool group = (status.st_mode & S_IWGRP) != 0 &&
                     std::find(file.groups.begin(), file.groups.end(), status.st_gid) == file.groups.end();
  if ((group || (status.st_mode & S_IWOTH) != 0) && !IsShared(status)) {
    return Refused(path, "can be written to by others by now");
  }
  return Unit{};
}

// The file, but not opened for anything.
Result<UniqueFd> FindTrusted(const TrustedFile& file) {
  constexpr int kFlags = O_PATH | O_NOFOLLOW | O_CLOEXEC;
  UniqueFd current(::open("/", kFlags));
  std::size_t end = 0;
  for (;;) {
    const std::string path = end == 0 ? "/" : file.path.substr(0, end);
    struct stat status {};
    if (!current || ::fstat(current.get(), &status) != 0) return Error::System("open", errno, path);
    const Status checked = Check(file, path, status);
    if (!checked) return checked.error();
    if (end == file.path.size()) return current;
    const std::size_t next = std::min(file.path.find('/', end + 1), file.path.size());
    const std::string name = file.path.substr(end + 1, next - end - 1);
    // Through the folder that was just checked, whatever has its name by now.
    UniqueFd entry(::openat(current.get(), name.c_str(), kFlags));
    if (!entry) return Error::System("open", errno, file.path.substr(0, next));
    current = std::move(entry);
    end = next;
  }
}

}  // namespace

Status CheckTrusted(const TrustedFile& file) {
  const Result<UniqueFd> found = FindTrusted(file);
  if (!found) return found.error();
  return Unit{};
}

Result<UniqueFd> OpenTrusted(const TrustedFile& file) {
  const Result<UniqueFd> found = FindTrusted(file);
  if (!found) return found.error();
  // The same file again, whatever its path leads to by now.
  const std::string path = "/proc/self/fd/" + std::to_string(found.value().get());
  UniqueFd opened(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!opened) return Error::System("open", errno, file.path);
  return AtLeast(std::move(opened), kScriptDescriptor + 1, file.path);
}

}  // namespace ucb
