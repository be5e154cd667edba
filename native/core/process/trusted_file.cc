#include "core/process/trusted_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

#include "core/process/descriptor.h"
#include "core/process/files.h"

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

}  // namespace

// From the top: below a folder that passed, only those who are trusted can change what a path leads to.
Status CheckTrusted(const TrustedFile& file) {
  std::string path;
  for (std::size_t end = 1;; end = std::min(file.path.find('/', end + 1), file.path.size())) {
    path.assign(file.path, 0, end);
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) return Error::System("open", errno, path);
    Status checked = Check(file, path, status);
    if (!checked || end == file.path.size()) return checked;
  }
}

Result<UniqueFd> OpenTrusted(const TrustedFile& file) {
  const Status checked = CheckTrusted(file);
  if (!checked) return checked.error();
  Result<UniqueFd> opened = OpenForReading(file.path);
  if (!opened) return opened.error();
  struct stat status {};
  if (::fstat(opened.value().get(), &status) != 0) return Error::System("fstat", errno, file.path);
  const Status still = Check(file, file.path, status);
  if (!still) return still.error();
  return AtLeast(std::move(opened.value()), kScriptDescriptor + 1, file.path);
}

}  // namespace ucb
