#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

#include "core/base/unique_fd.h"
#include "core/process/message.h"
#include "core/process/platform.h"
#include "core/process/request.h"

namespace ucb {

// A child that has not been reaped yet, or a process that was taken over, and what is to be done about it when.
struct RunningProcess {
  using TimePoint = platform::Clock::time_point;
  static constexpr TimePoint kNever = TimePoint::max();

  // What this is. Forks of warm interpreters wait until they become runs.
  enum class Role : std::uint8_t { kRun, kHost, kFork, kReleased };

  Role role = Role::kRun;
  std::uint64_t ticket = 0;               // of kFork: of its host
  pid_t pid = 0;                          // also its process group, since it leads a session
  UniqueFd descriptor;                    // open for as long as the child is watched; empty where it is polled
  std::uint64_t foreign_start_ticks = 0;  // of a process that was taken over; 0: our child
  TimePoint started;
  TimePoint slow_at = kNever;
  TimePoint timeout_at = kNever;
  TimePoint kill_at = kNever;
  std::chrono::nanoseconds kill_after{0};
  bool has_ended = false;  // of kFork, which is not reaped before it is known what it was
  bool timed_out = false;
  bool terminating = false;  // TERM was sent: when the leader is gone, the rest of its group is killed

  // Whether anybody hears of its end.
  bool IsTold() const { return role == Role::kRun || role == Role::kHost; }
  // Its next deadline.
  TimePoint Next() const { return std::min({slow_at, timeout_at, kill_at}); }
  // Takes what was asked of it when it was launched.
  void Follow(const LaunchRequest& request, TimePoint started_at);
  // From its start; no time means that there is no such deadline.
  void SetDeadlines(Milliseconds slow_after, Milliseconds timeout, Milliseconds killed_after);
  // Signals its process group. False if the system refused.
  bool SignalGroup(int signal) const;
  // TERM now, KILL later.
  void SendTerm(std::chrono::nanoseconds killed_after);
  // Reaps a child of ours, and says what is told of its end. Nothing if it has not ended.
  std::optional<Message> Reap() const;
  // What is told of its end now. Without a status, where the system has none for us, neither an exit code nor a signal
  // is.
  Message Exited(std::optional<int> status, const std::optional<rusage>& usage) const;
};

// Not negative, and at most a century: beyond any purpose, and safely added to any time.
std::chrono::nanoseconds Bounded(Milliseconds span);

}  // namespace ucb
