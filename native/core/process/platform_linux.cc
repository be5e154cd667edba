#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <climits>
#include <cstdio>
#include <cstring>
#include <limits>
#include <string>
#include <utility>

#include "core/process/platform.h"

namespace ucb::platform {
namespace {

#ifdef SYS_pidfd_open
constexpr long kPidfdOpen = SYS_pidfd_open;
#else
constexpr long kPidfdOpen = 434;
#endif

#ifdef MFD_NOEXEC_SEAL
constexpr unsigned kNoExecSeal = MFD_NOEXEC_SEAL;
#else
constexpr unsigned kNoExecSeal = 8;
#endif

// What headers of old systems do not name. The numbers are the same on all architectures we build for.
constexpr long kPidfdSendSignal = 424;
constexpr long kCloseRange = 436;
constexpr unsigned kSignalProcessGroup = 1U << 2;
constexpr idtype_t kByPidfd = static_cast<idtype_t>(3);
constexpr std::uint64_t kInfoExit = 1U << 3;

// struct pidfd_info of the kernel, whose size is part of the request.
struct PidfdInfo {
  std::uint64_t mask;
  std::uint64_t cgroup_id;
  std::array<std::uint32_t, 11> credentials;  // pid and the like, then user and group ids
  std::int32_t exit_code;                     // as wait4 has it
};
static_assert(sizeof(PidfdInfo) == 64);
constexpr unsigned long kPidfdGetInfo = _IOWR(0xFF, 11, PidfdInfo);

constexpr long kOpenat2 = 437;
constexpr std::uint64_t kResolveNoSymlinks = 4;

struct OpenHow {
  std::uint64_t flags;
  std::uint64_t mode;
  std::uint64_t resolve;
};

constexpr std::chrono::milliseconds kPollInterval{10};
// Stands for the wake-up among pids in epoll's user data.
constexpr std::uint64_t kWakeKey = std::numeric_limits<std::uint64_t>::max();

int PidfdOpen(pid_t pid) {
  return static_cast<int>(::syscall(kPidfdOpen, pid, 0));
}

struct ProcessStat {
  char state = 0;
  long threads = 0;
  std::uint64_t start_ticks = 0;
  std::optional<int> status;  // as wait4 has it, or 0; only of a process that has ended

  // Its threads may outlive the one that the state is of.
  bool HasEnded() const { return (state == 'Z' || state == 'X') && threads <= 1; }
};

// Nothing if there is no such process.
std::optional<ProcessStat> ReadProcessStat(pid_t pid) {
  std::array<char, 32> path{};
  std::snprintf(path.data(), path.size(), "/proc/%d/stat", static_cast<int>(pid));
  const UniqueFd file(::open(path.data(), O_RDONLY | O_CLOEXEC));
  if (!file) return std::nullopt;
  std::array<char, 1024> text{};
  const ssize_t size = ::read(file.get(), text.data(), text.size());
  if (size <= 0) return std::nullopt;
  const std::string_view line(text.data(), static_cast<std::size_t>(size));
  // The second field is the program's name in parentheses and may hold anything, so fields count from the last ")".
  std::size_t at = line.rfind(')');
  ProcessStat stat;
  for (int field = 3; field <= 52; ++field) {
    if (at != std::string_view::npos) at = line.find(' ', at + 1);
    if (at == std::string_view::npos || at + 1 >= line.size()) {
      // Systems may tell less, but not less than this.
      if (field <= 22) return std::nullopt;
      break;
    }
    const char* const begin = line.data() + at + 1;
    const char* const end = line.data() + line.size();
    if (field == 3) stat.state = *begin;
    if (field == 20) std::from_chars(begin, end, stat.threads);
    if (field == 22) std::from_chars(begin, end, stat.start_ticks);
    if (field == 52) std::from_chars(begin, end, stat.status.emplace());
  }
  return stat;
}

// The status that the system keeps for holders of a descriptor after the process was reaped; since Linux 6.15.
std::optional<int> ReadKeptStatus(int descriptor) {
  PidfdInfo info{};
  info.mask = kInfoExit;
  if (::ioctl(descriptor, kPidfdGetInfo, &info) != 0 || (info.mask & kInfoExit) == 0) return std::nullopt;
  return info.exit_code;
}

// The status of a process that waits to be reaped.
std::optional<int> ReadZombieStatus(pid_t pid, std::uint64_t start_ticks) {
  std::array<char, 32> path{};
  std::snprintf(path.data(), path.size(), "/proc/%d/exe", static_cast<int>(pid));
  // Those who may not know the status are shown 0. They may not follow this link either; for others it leads nowhere.
  char ignored = 0;
  if (::readlink(path.data(), &ignored, 1) >= 0 || errno != ENOENT) return std::nullopt;
  const std::optional<ProcessStat> stat = ReadProcessStat(pid);
  if (!stat || stat->start_ticks != start_ticks || !stat->HasEnded()) return std::nullopt;
  return stat->status;
}

int StatusOf(const siginfo_t& info) {
  if (info.si_code == CLD_EXITED) return (info.si_status & 0xff) << 8;
  return (info.si_status & 0x7f) | (info.si_code == CLD_DUMPED ? 0x80 : 0);
}

template <typename Function>
void Lookup(const char* name, Function*& function) {
  // dlsym answers with an object pointer for functions too; POSIX promises that the bits are the same.
  void* const symbol = ::dlsym(RTLD_DEFAULT, name);
  static_assert(sizeof symbol == sizeof function);
  std::memcpy(&function, &symbol, sizeof function);
}

}  // namespace

Capabilities Capabilities::Detect() {
  Capabilities capabilities;
  const UniqueFd self(PidfdOpen(::getpid()));
  // A process without a free descriptor now may have one later; only a refusal in principle counts. EPERM is what
  // system call filters answer.
  capabilities.process_descriptors = self || (errno != ENOSYS && errno != EPERM && errno != EACCES);
  // A range of nothing.
  capabilities.close_range = ::syscall(kCloseRange, UINT_MAX, UINT_MAX, 0U) == 0;
  Lookup("posix_spawn_file_actions_addchdir_np", capabilities.add_chdir);
  Lookup("posix_spawn_file_actions_addclosefrom_np", capabilities.add_close_from);
  return capabilities;
}

Result<UniqueFd> AnonymousFile(std::string_view content) {
  // Systems set to refuse executable memory files want the seal; older ones do not know it.
  UniqueFd file(::memfd_create("ucb-stdin", MFD_CLOEXEC | kNoExecSeal));
  if (!file && errno == EINVAL) file.Reset(::memfd_create("ucb-stdin", MFD_CLOEXEC));
  if (!file) return Error::System("memfd_create", errno);
  // pwrite leaves the position where the child wants it.
  std::size_t written = 0;
  while (written < content.size()) {
    const ssize_t count =
        ::pwrite(file.get(), content.data() + written, content.size() - written, static_cast<off_t>(written));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return Error::System("pwrite", count < 0 ? errno : EIO);
    written += static_cast<std::size_t>(count);
  }
  return file;
}

int OpenWithoutLinks(const char* path, int flags, mode_t mode) {
  OpenHow how{static_cast<std::uint64_t>(flags), (flags & O_CREAT) != 0 ? mode : 0, kResolveNoSymlinks};
  return static_cast<int>(::syscall(kOpenat2, AT_FDCWD, path, &how, sizeof how));
}

std::uint64_t StartTicks(pid_t pid) {
  const std::optional<ProcessStat> stat = ReadProcessStat(pid);
  return stat ? stat->start_ticks : 0;
}

bool IsIdle(pid_t pid) {
  const std::optional<ProcessStat> stat = ReadProcessStat(pid);
  return !stat || stat->state != 'R';
}

std::optional<ForeignEnd> EndOf(pid_t pid, std::uint64_t start_ticks, const UniqueFd& descriptor) {
  const std::optional<ProcessStat> stat = ReadProcessStat(pid);
  const bool exists = stat && stat->start_ticks == start_ticks;
  if (exists && !stat->HasEnded()) return std::nullopt;
  ForeignEnd end;
  siginfo_t info{};
  rusage usage{};
  // The C library's waitid has no usage.
  const auto wait_for = [&](idtype_t type, int id) {
    return ::syscall(SYS_waitid, type, id, &info, WEXITED | WNOHANG, &usage);
  };
  if (exists) {
    const long result = descriptor ? wait_for(kByPidfd, descriptor.get()) : -1;
    if (result != 0 && (!descriptor || errno == EINVAL)) wait_for(P_PID, pid);
  }
  if (info.si_pid == pid) {
    end.status = StatusOf(info);
    end.usage = usage;
    return end;
  }
  if (exists) end.status = ReadZombieStatus(pid, start_ticks);
  // Last: its parent may have reaped it at any moment.
  if (!end.status && descriptor) end.status = ReadKeptStatus(descriptor.get());
  return end;
}

bool SignalForeignGroup(pid_t pid, std::uint64_t start_ticks, const UniqueFd& descriptor, int signal) {
  if (descriptor) {
    if (::syscall(kPidfdSendSignal, descriptor.get(), signal, nullptr, kSignalProcessGroup) == 0) return true;
    // Before Linux 6.9 only one process could be meant.
    if (errno != EINVAL && errno != ENOSYS && errno != EPERM) return false;
  }
  // A number is not given away as long as anybody is left in its group. So a process that has it now, and is not ours,
  // says that nobody is.
  const std::uint64_t present = StartTicks(pid);
  return (present == 0 || present == start_ticks) && ::kill(-pid, signal) == 0;
}

void LetSessionStandBack(pid_t pid, int nice) {
  std::array<char, 64> text{};
  const UniqueFd own(::open("/proc/self/autogroup", O_RDONLY | O_CLOEXEC));
  if (!own || ::read(own.get(), text.data(), text.size() - 1) < 0) return;
  // It is empty for who never became a session, as what the kernel starts first, and what that starts. Nobody stands
  // back there.
  int present = 0;
  if (std::sscanf(text.data(), "/autogroup-%*d nice %d", &present) != 1) present = 0;
  const std::string path = "/proc/" + std::to_string(pid) + "/autogroup";
  const UniqueFd other(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  const std::string wanted = std::to_string(std::min(present + nice, kLeastNice));
  if (other) static_cast<void>(::write(other.get(), wanted.data(), wanted.size()) > 0);
}

std::vector<int> InheritedDescriptors() {
  std::vector<int> descriptors;
  DIR* const folder = ::opendir("/proc/self/fd");
  if (folder == nullptr) return descriptors;
  while (const dirent* entry = ::readdir(folder)) {
    int descriptor = -1;
    const char* const end = entry->d_name + std::strlen(entry->d_name);
    if (std::from_chars(entry->d_name, end, descriptor).ptr != end || descriptor <= 2) continue;
    const int flags = ::fcntl(descriptor, F_GETFD);
    if (flags >= 0 && (flags & FD_CLOEXEC) == 0) descriptors.push_back(descriptor);
  }
  ::closedir(folder);
  return descriptors;
}

void NameThisThread(const char* name) {
  ::pthread_setname_np(::pthread_self(), name);
}

Result<std::unique_ptr<ProcessWatcher>> ProcessWatcher::Create(const Capabilities& capabilities) {
  UniqueFd events(::epoll_create1(EPOLL_CLOEXEC));
  if (!events) return Error::System("epoll_create1", errno);
  UniqueFd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake) return Error::System("eventfd", errno);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = kWakeKey;
  if (::epoll_ctl(events.get(), EPOLL_CTL_ADD, wake.get(), &event) != 0) return Error::System("epoll_ctl", errno);
  return std::unique_ptr<ProcessWatcher>(
      new ProcessWatcher(capabilities.process_descriptors, std::move(events), std::move(wake)));
}

ProcessWatcher::ProcessWatcher(bool process_descriptors, UniqueFd events, UniqueFd wake)
    : process_descriptors_(process_descriptors), events_(std::move(events)), wake_(std::move(wake)) {}

UniqueFd ProcessWatcher::Open(pid_t pid) const {
  return UniqueFd(process_descriptors_ ? PidfdOpen(pid) : -1);
}

void ProcessWatcher::Watch(pid_t pid, const UniqueFd& descriptor, std::uint64_t foreign_start_ticks) {
  if (descriptor) {
    epoll_event event{};
    // One shot: a child that is just being spawned holds a copy of the descriptor until its exec, and as long as any
    // copy is open epoll would go on reporting it after ours was closed.
    event.events = EPOLLIN | EPOLLONESHOT;
    event.data.u64 = static_cast<std::uint64_t>(pid);
    if (::epoll_ctl(events_.get(), EPOLL_CTL_ADD, descriptor.get(), &event) == 0) return;
    if (errno == EEXIST && ::epoll_ctl(events_.get(), EPOLL_CTL_MOD, descriptor.get(), &event) == 0) return;
  }
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = polled_.empty();
    polled_.push_back({pid, foreign_start_ticks});
  }
  // A Wait under way may sleep for longer than the interval.
  if (first) Wake();
}

void ProcessWatcher::Wake() {
  const std::uint64_t one = 1;
  // It fails only when the counter is full, and then it wakes all the same.
  [[maybe_unused]] const ssize_t count = ::write(wake_.get(), &one, sizeof one);
}

void ProcessWatcher::Wait(std::optional<Clock::time_point> until, std::vector<pid_t>& ended) {
  ended.clear();
  std::chrono::milliseconds timeout{-1};
  if (until) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*until - Clock::now());
    timeout =
        std::clamp(left, std::chrono::milliseconds{0}, std::chrono::milliseconds{std::numeric_limits<int>::max()});
  }
  {
    const std::lock_guard lock(mutex_);
    if (!polled_.empty() && (timeout.count() < 0 || timeout > kPollInterval)) timeout = kPollInterval;
  }
  std::array<epoll_event, 64> events;
  const int count =
      ::epoll_wait(events_.get(), events.data(), static_cast<int>(events.size()), static_cast<int>(timeout.count()));
  for (int index = 0; index < count; ++index) {
    const std::uint64_t key = events[static_cast<std::size_t>(index)].data.u64;
    if (key == kWakeKey) {
      std::uint64_t counter = 0;
      [[maybe_unused]] const ssize_t size = ::read(wake_.get(), &counter, sizeof counter);
    } else {
      ended.push_back(static_cast<pid_t>(key));
    }
  }
  LookAtPolled(ended);
}

void ProcessWatcher::LookAtPolled(std::vector<pid_t>& ended) {
  const std::lock_guard lock(mutex_);
  std::erase_if(polled_, [&](const Polled& polled) {
    bool over = false;
    if (polled.foreign_start_ticks != 0) {
      const std::optional<ProcessStat> stat = ReadProcessStat(polled.pid);
      over = !stat || stat->start_ticks != polled.foreign_start_ticks || stat->HasEnded();
    } else {
      siginfo_t info{};
      const int result = ::waitid(P_PID, static_cast<id_t>(polled.pid), &info, WEXITED | WNOHANG | WNOWAIT);
      // Not being ours to wait for is an end too: the reaper then finds the same and says so.
      over = result == 0 ? info.si_pid == polled.pid : errno != EINTR;
    }
    if (over) ended.push_back(polled.pid);
    return over;
  });
}

}  // namespace ucb::platform
