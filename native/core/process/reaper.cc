#include "core/process/reaper.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <optional>
#include <utility>

namespace ucb {
namespace {

using Clock = platform::Clock;
using TimePoint = RunningProcess::TimePoint;

// Far longer than any system runs, and safely taken from any time.
constexpr std::chrono::milliseconds kOldest{std::chrono::hours{24 * 365 * 100}};

}  // namespace

Result<std::unique_ptr<Reaper>> Reaper::Create(const platform::Capabilities& capabilities, MessageQueue* messages,
                                               StartGate* gate) {
  Result<std::unique_ptr<platform::ProcessWatcher>> watcher = platform::ProcessWatcher::Create(capabilities);
  if (!watcher) return watcher.error();
  return std::unique_ptr<Reaper>(new Reaper(std::move(watcher.value()), messages, gate));
}

Reaper::Reaper(std::unique_ptr<platform::ProcessWatcher> watcher, MessageQueue* messages, StartGate* gate)
    : watcher_(std::move(watcher)), messages_(messages), gate_(gate) {}

void Reaper::Run() {
  std::vector<pid_t> ended;
  std::vector<Message> messages;
  for (;;) {
    std::optional<TimePoint> until;
    bool over = false;
    {
      const std::lock_guard lock(mutex_);
      // Before the deadlines, so that a child that ended in time is never called late.
      for (const pid_t pid : ended) Reap(pid, messages);
      ServeDeadlines(messages);
      over = stopping_ || (orphaned_ && children_.empty());
      returned_ = over;
      awake_at_ = deadlines_.empty() ? RunningProcess::kNever : deadlines_.front().at;
      if (!deadlines_.empty()) until = awake_at_;
    }
    for (const Message& message : messages) LeaveGate(message);
    if (messages_ != nullptr) messages_->Post(messages);
    messages.clear();
    TellOfHosts();
    if (over) return;
    watcher_->Wait(until, ended);
  }
}

void Reaper::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  watcher_->Wake();
}

void Reaper::Add(const LaunchRequest& request, TimePoint started_at, Message started,
                 const std::function<void()>& added) {
  Add(RunningProcess::Role::kRun, request, started_at, std::move(started), added);
}

void Reaper::AddHost(const LaunchRequest& request, TimePoint started_at, Message started) {
  Add(RunningProcess::Role::kHost, request, started_at, std::move(started), nullptr);
}

void Reaper::Add(RunningProcess::Role role, const LaunchRequest& request, TimePoint started_at, Message started,
                 const std::function<void()>& added) {
  RunningProcess child;
  child.role = role;
  child.pid = started.pid;
  child.Follow(request, started_at);
  bool wake = false;
  std::optional<Message> exited;
  {
    const std::lock_guard lock(mutex_);
    // A program that does little has often ended before the thread that started it goes on. Then nobody needs to be
    // woken for its end.
    if (role == RunningProcess::Role::kRun) exited = child.Reap();
    if (!exited) {
      child.descriptor = watcher_->Open(child.pid);
      wake = Insert(std::move(child));
    }
    if (added) added();
    PostStarted(request, std::move(started));
  }
  if (exited) {
    LeaveGate(*exited);
    messages_->Post(std::move(*exited));
  }
  if (wake) watcher_->Wake();
}

void Reaper::LeaveGate(const Message& message) {
  if (gate_ != nullptr && message.kind == Message::Kind::kExited) gate_->Leave(message.ticket);
}

void Reaper::PostStarted(const LaunchRequest& request, Message started) {
  if (request.awaited) {
    messages_->Post(std::move(started));
  } else {
    messages_->PostQuietly(std::move(started));
  }
}

void Reaper::AddFork(std::uint64_t host, pid_t pid) {
  RunningProcess child;
  child.role = RunningProcess::Role::kFork;
  child.ticket = host;
  child.pid = pid;
  child.descriptor = watcher_->Open(pid);
  const std::lock_guard lock(mutex_);
  Insert(std::move(child));
}

bool Reaper::Begin(const LaunchRequest& request, TimePoint started_at, Message& started) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    const auto found = children_.find(started.pid);
    if (found == children_.end() || found->second.role != RunningProcess::Role::kFork) return false;
    RunningProcess& child = found->second;
    child.role = RunningProcess::Role::kRun;
    child.Follow(request, started_at);
    wake = child.Next() < awake_at_;
    ScheduleNext(child);
    pids_[child.ticket] = child.pid;
    PostStarted(request, std::move(started));
    if (child.has_ended) watcher_->Watch(child.pid, child.descriptor);
  }
  if (wake) watcher_->Wake();
  return true;
}

void Reaper::Release(pid_t pid) {
  const std::lock_guard lock(mutex_);
  const auto found = children_.find(pid);
  if (found == children_.end() || found->second.role != RunningProcess::Role::kFork) return;
  found->second.role = RunningProcess::Role::kReleased;
  ::kill(pid, SIGKILL);
  if (found->second.has_ended) watcher_->Watch(pid, found->second.descriptor);
}

void Reaper::WatchHosts(std::function<void(std::uint64_t host, pid_t pid)> watch) {
  const std::lock_guard lock(watch_mutex_);
  watch_ = std::move(watch);
}

void Reaper::TellOfHosts() {
  std::vector<std::pair<std::uint64_t, pid_t>> ends;
  {
    const std::lock_guard lock(mutex_);
    ends.swap(host_ends_);
  }
  if (ends.empty()) return;
  const std::lock_guard lock(watch_mutex_);
  if (watch_ == nullptr) return;
  for (const auto& [host, pid] : ends) watch_(host, pid);
}

Status Reaper::TakeOver(const AdoptRequest& request) {
  const Error gone = Error::System("pidfd_open", ESRCH);
  RunningProcess child;
  child.ticket = request.ticket;
  child.pid = request.pid;
  child.foreign_start_ticks = request.start_ticks;
  // Asked before and after: the descriptor is of a process that had the number in between, which is this one.
  if (request.start_ticks == 0 || platform::StartTicks(child.pid) != request.start_ticks) return gone;
  child.descriptor = watcher_->Open(child.pid);
  if (platform::StartTicks(child.pid) != request.start_ticks) return gone;
  const std::chrono::milliseconds age(Message::UnixMilliseconds() - request.started_at_ms);
  // A clock that was set back must not make a process younger than none.
  child.started = Clock::now() - std::clamp(age, std::chrono::milliseconds{0}, kOldest);
  child.SetDeadlines(request.slow_after, request.timeout, request.kill_after);
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    const auto known = children_.find(child.pid);
    if (known != children_.end()) {
      const std::uint64_t ticks = known->second.foreign_start_ticks;
      if (ticks == 0 || ticks == request.start_ticks) return Error::System("pidfd_open", EBUSY);
    }
    wake = Insert(std::move(child));
  }
  if (wake) watcher_->Wake();
  return Unit{};
}

// Says whether Run sleeps for too long now.
bool Reaper::Insert(RunningProcess child) {
  const pid_t pid = child.pid;
  const bool wake = child.Next() < awake_at_;
  // Its number is free again: somebody else has waited for the child that had it.
  const auto lost = children_.find(pid);
  if (lost != children_.end()) {
    if (messages_ != nullptr && lost->second.IsTold()) {
      messages_->Post(lost->second.Exited(std::nullopt, std::nullopt));
    }
    Forget(lost->second);
  }
  ScheduleNext(child);
  if (child.IsTold()) pids_[child.ticket] = pid;
  const RunningProcess& inserted = children_.insert_or_assign(pid, std::move(child)).first->second;
  // Last: the end of a child is told once, and must find it here.
  watcher_->Watch(pid, inserted.descriptor, inserted.foreign_start_ticks);
  return wake;
}

bool Reaper::Signal(std::uint64_t ticket, int signal) {
  const std::lock_guard lock(mutex_);
  const RunningProcess* const child = Find(ticket);
  return child != nullptr && child->SignalGroup(signal);
}

void Reaper::Kill(std::uint64_t ticket) {
  const std::lock_guard lock(mutex_);
  const RunningProcess* const child = Find(ticket);
  if (child != nullptr && child->foreign_start_ticks == 0) ::kill(child->pid, SIGKILL);
}

bool Reaper::Terminate(std::uint64_t ticket, Milliseconds kill_after) {
  {
    const std::lock_guard lock(mutex_);
    RunningProcess* const child = Find(ticket);
    if (child == nullptr) return false;
    SendTerm(*child, Bounded(kill_after));
  }
  watcher_->Wake();
  return true;
}

bool Reaper::HasChildren() {
  const std::lock_guard lock(mutex_);
  return !children_.empty();
}

std::vector<RunningProcess> Reaper::TakeChildren() {
  const std::lock_guard lock(mutex_);
  std::vector<RunningProcess> children;
  children.reserve(children_.size());
  for (auto& [pid, child] : children_) children.push_back(std::move(child));
  children_.clear();
  pids_.clear();
  deadlines_.clear();
  return children;
}

void Reaper::Orphan() {
  const std::lock_guard lock(mutex_);
  messages_ = nullptr;
  gate_ = nullptr;
  stopping_ = false;
  orphaned_ = true;
  returned_ = false;
}

bool Reaper::Adopt(std::vector<RunningProcess>& children) {
  {
    const std::lock_guard lock(mutex_);
    if (returned_) return false;
    for (RunningProcess& child : children) {
      // The old descriptor belongs to another reaper's epoll, which is about to be closed. That of a process taken over
      // stays all the same, as its number may stand for another by now.
      if (child.foreign_start_ticks == 0) child.descriptor = watcher_->Open(child.pid);
      Insert(std::move(child));
    }
  }
  children.clear();
  watcher_->Wake();
  return true;
}

void Reaper::ScheduleNext(const RunningProcess& child) {
  const TimePoint at = child.Next();
  if (at == RunningProcess::kNever) return;
  DropStaleDeadlines();
  deadlines_.push_back({at, child.pid});
  std::push_heap(deadlines_.begin(), deadlines_.end());
}

// Most children end long before their timeout. Taking each one's entry out of the heap would cost more than letting
// the heap grow to twice its size now and then.
void Reaper::DropStaleDeadlines() {
  if (deadlines_.size() < 2 * children_.size() + 64) return;
  std::erase_if(deadlines_, [&](const Deadline& deadline) {
    const auto found = children_.find(deadline.pid);
    return found == children_.end() || found->second.Next() != deadline.at;
  });
  std::make_heap(deadlines_.begin(), deadlines_.end());
}

void Reaper::ServeDeadlines(std::vector<Message>& messages) {
  if (deadlines_.empty()) return;
  const TimePoint now = Clock::now();
  while (!deadlines_.empty() && deadlines_.front().at <= now) {
    const Deadline deadline = deadlines_.front();
    std::pop_heap(deadlines_.begin(), deadlines_.end());
    deadlines_.pop_back();
    const auto found = children_.find(deadline.pid);
    if (found == children_.end() || found->second.Next() != deadline.at) continue;
    RunningProcess& child = found->second;
    if (child.slow_at == deadline.at) {
      child.slow_at = RunningProcess::kNever;
      messages.emplace_back(Message::Kind::kSlow, child.ticket).pid = child.pid;
    } else if (child.timeout_at == deadline.at) {
      child.timed_out = true;
      SendTerm(child, child.kill_after);
      continue;  // which has scheduled what comes next
    } else {
      child.kill_at = RunningProcess::kNever;
      child.SignalGroup(SIGKILL);
    }
    ScheduleNext(child);
  }
}

void Reaper::SendTerm(RunningProcess& child, std::chrono::nanoseconds kill_after) {
  child.SendTerm(kill_after);
  ScheduleNext(child);
}

void Reaper::Reap(pid_t pid, std::vector<Message>& messages) {
  const auto found = children_.find(pid);
  if (found == children_.end()) return;
  RunningProcess& child = found->second;
  if (child.foreign_start_ticks != 0) return ReapForeign(child, messages);
  if (child.role == RunningProcess::Role::kFork) {
    child.has_ended = true;
    host_ends_.emplace_back(child.ticket, pid);
    return;
  }
  // As long as the leader is a zombie its group's number cannot belong to anyone else.
  if (child.terminating) child.SignalGroup(SIGKILL);
  std::optional<Message> exited = child.Reap();
  if (!exited) {
    watcher_->Watch(pid, UniqueFd());
    return;
  }
  if (child.IsTold()) messages.push_back(std::move(*exited));
  if (child.role == RunningProcess::Role::kHost) host_ends_.emplace_back(child.ticket, pid);
  Forget(child);
}

void Reaper::ReapForeign(RunningProcess& child, std::vector<Message>& messages) {
  const std::optional<platform::ForeignEnd> end =
      platform::EndOf(child.pid, child.foreign_start_ticks, child.descriptor);
  if (!end) {
    watcher_->Watch(child.pid, UniqueFd(), child.foreign_start_ticks);
    return;
  }
  if (child.terminating) child.SignalGroup(SIGKILL);
  messages.push_back(child.Exited(end->status, end->usage));
  Forget(child);
}

void Reaper::Forget(const RunningProcess& child) {
  const pid_t pid = child.pid;
  const auto ticket = pids_.find(child.ticket);
  if (ticket != pids_.end() && ticket->second == pid) pids_.erase(ticket);
  children_.erase(pid);
}

RunningProcess* Reaper::Find(std::uint64_t ticket) {
  const auto pid = pids_.find(ticket);
  if (pid == pids_.end()) return nullptr;
  const auto child = children_.find(pid->second);
  return child == children_.end() ? nullptr : &child->second;
}

}  // namespace ucb
