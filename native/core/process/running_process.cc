#include "core/process/running_process.h"

#include <sys/wait.h>

#include <cerrno>
#include <csignal>

namespace ucb {
namespace {

double InMilliseconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_usec) / 1e3;
}

}  // namespace

std::chrono::nanoseconds Bounded(Milliseconds span) {
  constexpr Milliseconds kLongest{3e12};
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::clamp(span, Milliseconds{0}, kLongest));
}

void RunningProcess::Follow(const LaunchRequest& request, TimePoint started_at) {
  ticket = request.ticket;
  started = started_at;
  SetDeadlines(request.slow_after, request.timeout, request.kill_after);
}

void RunningProcess::SetDeadlines(Milliseconds slow_after, Milliseconds timeout, Milliseconds killed_after) {
  kill_after = Bounded(killed_after);
  if (slow_after.count() > 0) slow_at = started + Bounded(slow_after);
  if (timeout.count() > 0) timeout_at = started + Bounded(timeout);
}

bool RunningProcess::SignalGroup(int signal) const {
  if (foreign_start_ticks == 0) return ::kill(-pid, signal) == 0;
  return platform::SignalForeignGroup(pid, foreign_start_ticks, descriptor, signal);
}

void RunningProcess::SendTerm(std::chrono::nanoseconds killed_after) {
  terminating = true;
  slow_at = kNever;
  timeout_at = kNever;
  kill_at = std::min(kill_at, platform::Clock::now() + killed_after);
  SignalGroup(SIGTERM);
  // A stopped process acts on TERM only when it goes on.
  SignalGroup(SIGCONT);
}

std::optional<Message> RunningProcess::Reap() const {
  int status = 0;
  rusage usage{};
  pid_t reaped = 0;
  do {
    reaped = ::wait4(pid, &status, WNOHANG, &usage);
  } while (reaped < 0 && errno == EINTR);
  if (reaped == 0) return std::nullopt;
  // Where the process ignores SIGCHLD, or somebody else waits for our children, the status is lost.
  if (reaped < 0) return Exited(std::nullopt, std::nullopt);
  return Exited(status, usage);
}

Message RunningProcess::Exited(std::optional<int> status, const std::optional<rusage>& usage) const {
  Message message(Message::Kind::kExited, ticket);
  message.pid = pid;
  message.timed_out = timed_out;
  if (status && WIFEXITED(*status)) message.exit_code = WEXITSTATUS(*status);
  if (status && WIFSIGNALED(*status)) message.signal = WTERMSIG(*status);
  const auto duration = std::chrono::duration_cast<std::chrono::microseconds>(platform::Clock::now() - started);
  message.duration_ms = static_cast<double>(duration.count()) / 1e3;
  message.max_rss_kb = -1;
  if (usage) {
    message.user_ms = InMilliseconds(usage->ru_utime);
    message.system_ms = InMilliseconds(usage->ru_stime);
    message.max_rss_kb = usage->ru_maxrss;
  }
  return message;
}

}  // namespace ucb
