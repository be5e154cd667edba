#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/base/result.h"
#include "core/base/unique_fd.h"
#include "core/process/message_queue.h"
#include "core/process/platform.h"
#include "core/process/request.h"
#include "core/process/running_process.h"
#include "core/process/start_gate.h"

namespace ucb {

// Waits for children, one by one and never for any: the process has others that are not ours; and in the same way for
// processes of others that it was told of. Sends the signals their deadlines ask for. It has no thread of its own; its
// owner calls Run on one.
class Reaper {
 public:
  // `messages`, and `gate`, which the ends of runs are told to if there is one, outlive the reaper, or its Orphan call.
  static Result<std::unique_ptr<Reaper>> Create(const platform::Capabilities& capabilities, MessageQueue* messages,
                                                StartGate* gate = nullptr);

  // Returns after Stop, or once orphaned and without children.
  void Run();
  // Makes Run return soon, and a Run to come at once. Children stay as they are.
  void Stop();

  // Takes a child that was just spawned with this request, and posts `started`, quietly if nobody awaits it: after it
  // can be signalled, and before anything else is told of it. Any thread, before, during or after Run.
  // `added` is called in between: from then on whoever asks for the child finds it, unless it has ended already.
  void Add(const LaunchRequest& request, RunningProcess::TimePoint started_at, Message started,
           const std::function<void()>& added = nullptr);

  // The same for a warm interpreter, and for a fork that waits at its channel, of which nothing is posted. Their ends
  // are told to whoever watches hosts.
  void AddHost(const LaunchRequest& request, RunningProcess::TimePoint started_at, Message started);
  void AddFork(std::uint64_t host, pid_t pid);
  // The fork `started.pid` has become a run: posts `started`. False, with `started` as it was, if there is no such
  // fork. Any thread.
  bool Begin(const LaunchRequest& request, RunningProcess::TimePoint started_at, Message& started);
  // The fork becomes none: it is killed and reaped. Any thread.
  void Release(pid_t pid);
  // Has `watch` told, on the thread of Run, of the end of each host and of each fork, which is reaped after Begin or
  // Release only. Null: nobody is told any more once this returns. Any thread.
  void WatchHosts(std::function<void(std::uint64_t host, pid_t pid)> watch);

  // Takes a process that somebody else has started. If there is no such process any more, ESRCH; if it is waited for
  // already, EBUSY. Any thread.
  Status TakeOver(const AdoptRequest& request);

  // Signals a running child's group. False if there is no such child, or if the system refused. As long as the answer
  // is being found the child is not reaped, so that no other process can have its number. Any thread.
  bool Signal(std::uint64_t ticket, int signal);
  // Kills a running child, but nobody else in its group. Nothing if there is no such child. Any thread.
  void Kill(std::uint64_t ticket);
  // TERM now, KILL later, as at a timeout but not counted as one. False if there is no such child. Any thread.
  bool Terminate(std::uint64_t ticket, Milliseconds kill_after);

  bool HasChildren();
  // Takes all children away. After Run has returned.
  std::vector<RunningProcess> TakeChildren();
  // From now on nobody is told, and Run returns when the last child is reaped. After Run has returned.
  void Orphan();
  // Takes children from another reaper; false, and `children` unchanged, if Run has returned. Any thread.
  bool Adopt(std::vector<RunningProcess>& children);

 private:
  struct Deadline {
    RunningProcess::TimePoint at;
    pid_t pid;
    bool operator<(const Deadline& other) const { return at > other.at; }  // the heap's top is the earliest
  };

  Reaper(std::unique_ptr<platform::ProcessWatcher> watcher, MessageQueue* messages, StartGate* gate);

  void Add(RunningProcess::Role role, const LaunchRequest& request, RunningProcess::TimePoint started_at,
           Message started, const std::function<void()>& added);
  void TellOfHosts();
  // Not with mutex_ held.
  void LeaveGate(const Message& message);

  // All of these with mutex_ held.
  bool Insert(RunningProcess child);
  void PostStarted(const LaunchRequest& request, Message started);
  void ScheduleNext(const RunningProcess& child);
  void DropStaleDeadlines();
  void ServeDeadlines(std::vector<Message>& messages);
  void SendTerm(RunningProcess& child, std::chrono::nanoseconds kill_after);
  void Reap(pid_t pid, std::vector<Message>& messages);
  void ReapForeign(RunningProcess& child, std::vector<Message>& messages);
  // Posts nothing; the message of the end is the caller's.
  void Forget(const RunningProcess& child);
  RunningProcess* Find(std::uint64_t ticket);

  const std::unique_ptr<platform::ProcessWatcher> watcher_;
  MessageQueue* messages_;  // null once orphaned; changes only while Run is not running, like the next one
  StartGate* gate_;

  std::mutex mutex_;
  std::unordered_map<pid_t, RunningProcess> children_;
  std::unordered_map<std::uint64_t, pid_t> pids_;  // by ticket
  // One entry for each child's next deadline, plus entries that no longer hold: those whose time is not their child's.
  std::vector<Deadline> deadlines_;
  RunningProcess::TimePoint awake_at_ = RunningProcess::TimePoint::min();  // when Run wakes up by itself
  bool stopping_ = false;
  bool orphaned_ = false;
  bool returned_ = false;
  std::vector<std::pair<std::uint64_t, pid_t>> host_ends_;  // told of next

  std::mutex watch_mutex_;  // held while it is called
  std::function<void(std::uint64_t host, pid_t pid)> watch_;
};

}  // namespace ucb
