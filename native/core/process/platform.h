#pragma once

#include <spawn.h>
#include <sys/resource.h>
#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/base/unique_fd.h"

// All that differs between operating systems. A port implements this header in one file, as platform_linux.cc does.
namespace ucb::platform {

using Clock = std::chrono::steady_clock;

// What the running system offers beyond the oldest one we support. Found out once for each launcher.
struct Capabilities {
  // A descriptor can stand for a process and tell of its end. Where it cannot, ends are looked for every 10 ms.
  bool process_descriptors = false;
  bool close_range = false;
  // Null where the C library lacks them; spawner.cc says what happens then.
  int (*add_chdir)(posix_spawn_file_actions_t*, const char*) = nullptr;
  int (*add_close_from)(posix_spawn_file_actions_t*, int) = nullptr;

  static Capabilities Detect();
};

// An open file without a name that holds `content`, positioned at its start.
Result<UniqueFd> AnonymousFile(std::string_view content);

// open(2) for a path no component of which is a link: ELOOP if one is, -1 and ENOSYS where the system has nothing of
// the kind.
int OpenWithoutLinks(const char* path, int flags, mode_t mode);

// When `pid` was started, in clock ticks since boot: together with the pid it names one process. 0 if not to be had.
std::uint64_t StartTicks(pid_t pid);

// Whether it neither runs nor waits for a processor: it sleeps, is stopped, or has ended. Of one that has several
// threads, its first.
bool IsIdle(pid_t pid);

// How a process ended that somebody else has started. Nothing is known of what was reaped already, unless the system
// keeps it for holders of a descriptor (Linux 6.15), or of what runs under another user.
struct ForeignEnd {
  std::optional<int> status;    // as wait4 has it
  std::optional<rusage> usage;  // only where the process had become our child
};

// Of the process that `pid` and `start_ticks` name; `descriptor` stands for it or is empty. Nothing if it still runs.
// Reaps it if it has become our child.
std::optional<ForeignEnd> EndOf(pid_t pid, std::uint64_t start_ticks, const UniqueFd& descriptor);

// Signals the group that this process leads, or once led, and never another that was given its number. False if there
// is nobody left in it, or if the system refused.
bool SignalForeignGroup(pid_t pid, std::uint64_t start_ticks, const UniqueFd& descriptor, int signal);

// The furthest that a process can stand back, as nice(1) counts.
inline constexpr int kLeastNice = 19;

// Lets the session that `pid` leads stand back as far behind this process's, as nice(1) counts, where the system shares
// processors out by session first (autogroup, sched(7)): priorities of its processes count within it only. Where it
// does not, or refuses, nothing happens: those without privileges may change ten sessions a second.
void LetSessionStandBack(pid_t pid, int nice);

// The descriptors above 2 that a new program would inherit.
std::vector<int> InheritedDescriptors();

// At most 15 characters; shown by ps and debuggers.
void NameThisThread(const char* name);

// Tells which of the watched children have ended; it reaps none of them.
class ProcessWatcher {
 public:
  static Result<std::unique_ptr<ProcessWatcher>> Create(const Capabilities& capabilities);

  // What Watch wants; empty where the system has nothing of the kind or no descriptor to spare. To be closed once the
  // child is reaped, not earlier. Any thread.
  UniqueFd Open(pid_t pid) const;
  // From now on Wait tells, once, that `pid` has ended. It never fails: a child whose descriptor is empty or cannot be
  // waited for is looked at every 10 ms. Of a process that is not our child its start must be given. Any thread.
  void Watch(pid_t pid, const UniqueFd& descriptor, std::uint64_t foreign_start_ticks = 0);
  // Makes a Wait that is under way, or else the next one, return. Any thread.
  void Wake();
  // Replaces `ended` by children that ended, or by nothing after `until`, a Wake, or for no reason. One thread at a
  // time.
  void Wait(std::optional<Clock::time_point> until, std::vector<pid_t>& ended);

 private:
  ProcessWatcher(bool process_descriptors, UniqueFd events, UniqueFd wake);
  void LookAtPolled(std::vector<pid_t>& ended);

  struct Polled {
    pid_t pid;
    std::uint64_t foreign_start_ticks;  // 0: our child
  };

  const bool process_descriptors_;
  const UniqueFd events_;
  const UniqueFd wake_;
  std::mutex mutex_;
  std::vector<Polled> polled_;  // guarded by mutex_
};

}  // namespace ucb::platform
