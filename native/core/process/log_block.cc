#include "core/process/log_block.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <utility>

#include "core/base/unique_fd.h"
#include "core/process/files.h"

namespace ucb {
namespace {

constexpr std::size_t kBufferSize = 262144;

// Unlocks before it closes: a child that is just being spawned holds a copy of the descriptor until its exec, and
// would hold the lock with it.
class LockedLog {
 public:
  // `fd` is locked.
  explicit LockedLog(UniqueFd fd) : fd_(std::move(fd)) {}
  LockedLog(LockedLog&&) = default;
  LockedLog& operator=(LockedLog&&) = delete;
  ~LockedLog() {
    if (fd_) ::flock(fd_.get(), LOCK_UN);
  }

  int get() const { return fd_.get(); }
  bool locked() const { return static_cast<bool>(fd_); }

  // Some file systems tell only here that they could not store what was written.
  Status Close(const std::string& path) {
    ::flock(fd_.get(), LOCK_UN);
    if (::close(fd_.Release()) != 0 && errno != EINTR) return Error::System("close", errno, path);
    return Unit{};
  }

 private:
  UniqueFd fd_;
};

// Opens and locks; an empty one if another holds the lock.
Result<LockedLog> OpenLocked(const std::string& path, struct stat& status) {
  for (;;) {
    Result<UniqueFd> opened = OpenForAppend(path);
    if (!opened) return opened.error();
    UniqueFd fd = std::move(opened.value());
    int locked = 0;
    do {
      locked = ::flock(fd.get(), LOCK_EX | LOCK_NB);
    } while (locked != 0 && errno == EINTR);
    if (locked != 0 && errno == EWOULDBLOCK) return LockedLog(UniqueFd());
    if (locked != 0) return Error::System("flock", errno, path);
    LockedLog log(std::move(fd));
    if (::fstat(log.get(), &status) != 0) return Error::System("fstat", errno, path);
    // Removed between opening and locking: nobody would ever read it.
    if (status.st_nlink > 0) return log;
  }
}

Result<UniqueFd> OpenBody(const std::string& path, off_t& size) {
  Result<UniqueFd> opened = OpenForReading(path);
  if (!opened) return opened.error();
  UniqueFd fd = std::move(opened.value());
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return Error::System("fstat", errno, path);
  // Anything else need not have an end.
  if (!S_ISREG(status.st_mode)) return Error::System("open", EINVAL, path);
  size = status.st_size;
  return fd;
}

}  // namespace

Result<bool> LogBlockWriter::Append(const LogBlock& block) {
  UniqueFd body_file;
  off_t body_size = 0;
  if (block.body_file) {
    Result<UniqueFd> opened = OpenBody(*block.body_file, body_size);
    if (!opened) return opened.error();
    body_file = std::move(opened.value());
  }
  struct stat before {};
  Result<LockedLog> opened = OpenLocked(block.log, before);
  if (!opened) return opened.error();
  LockedLog& log = opened.value();
  if (!log.locked()) return false;

  const Status written = Write(log.get(), block, body_file.get(), body_size);
  if (!written) {
    // What was written is at the end still, unless somebody wrote behind it without asking for the lock.
    struct stat now {};
    if (written_ > 0 && S_ISREG(before.st_mode) && ::fstat(log.get(), &now) == 0 &&
        now.st_size == before.st_size + written_) {
      [[maybe_unused]] const int ignored = ::ftruncate(log.get(), before.st_size);
    }
    return written.error();
  }
  const Status closed = log.Close(block.log);
  if (!closed) return closed.error();
  if (block.body_file && ::unlink(block.body_file->c_str()) != 0 && errno != ENOENT) {
    return Error::System("unlink", errno, *block.body_file);
  }
  return true;
}

Status LogBlockWriter::Write(int log, const LogBlock& block, int body_file, off_t body_size) {
  buffer_.resize(kBufferSize);
  used_ = 0;
  written_ = 0;
  Status status = Add(block.log, log, block.header);
  if (status && body_size > 0) status = AddFile(block, log, body_file, body_size);
  if (status) status = Add(block.log, log, block.body);
  if (status && !block.body.empty() && block.body.back() != '\n') status = Add(block.log, log, "\n");
  if (status) status = Add(block.log, log, block.trailer);
  if (status) status = Flush(block.log, log);
  return status;
}

Status LogBlockWriter::Add(const std::string& path, int log, std::string_view bytes) {
  while (!bytes.empty()) {
    if (used_ == buffer_.size()) {
      Status flushed = Flush(path, log);
      if (!flushed) return flushed;
    }
    const std::size_t count = std::min(bytes.size(), buffer_.size() - used_);
    std::copy_n(bytes.data(), count, buffer_.data() + used_);
    used_ += count;
    bytes.remove_prefix(count);
  }
  return Unit{};
}

Status LogBlockWriter::AddFile(const LogBlock& block, int log, int body_file, off_t size) {
  off_t left = size;
  char last = '\n';
  while (left > 0) {
    if (used_ == buffer_.size()) {
      Status flushed = Flush(block.log, log);
      if (!flushed) return flushed;
    }
    const auto wanted = std::min(static_cast<off_t>(buffer_.size() - used_), left);
    const ssize_t count = ::read(body_file, buffer_.data() + used_, static_cast<std::size_t>(wanted));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Error::System("read", errno, *block.body_file);
    if (count == 0) break;  // it has been cut short meanwhile
    used_ += static_cast<std::size_t>(count);
    left -= count;
    last = buffer_[used_ - 1];
  }
  return last == '\n' ? Status(Unit{}) : Add(block.log, log, "\n");
}

Status LogBlockWriter::Flush(const std::string& path, int log) {
  std::size_t done = 0;
  while (done < used_) {
    if (cancelled_.load(std::memory_order_relaxed)) return Error::System("write", ECANCELED, path);
    const ssize_t count = ::write(log, buffer_.data() + done, used_ - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Error::System("write", errno, path);
    done += static_cast<std::size_t>(count);
    written_ += count;
  }
  used_ = 0;
  return Unit{};
}

}  // namespace ucb
