#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "core/base/result.h"
#include "core/base/unique_fd.h"
#include "core/process/log_appender.h"
#include "core/process/message_queue.h"
#include "core/process/platform.h"
#include "core/process/reaper.h"
#include "core/process/request.h"
#include "core/process/start_gate.h"
#include "core/process/warm_hosts.h"

namespace ucb {

struct LauncherOptions {
  unsigned threads = 2;              // that spawn; a spawn holds its thread until the program runs
  std::size_t starting_at_once = 0;  // runs in their first moments; others wait; 0 is any number
  platform::Capabilities capabilities = platform::Capabilities::Detect();
};

// Starts processes, waits for them, ends them in time, and appends their output to logs, all on threads of its own.
// One thread owns it and calls everything here.
class Launcher {
 public:
  // `wake` is called on one of the launcher's threads when there are messages to take; see MessageQueue.
  static Result<std::unique_ptr<Launcher>> Start(const LauncherOptions& options, std::function<void()> wake);
  ~Launcher();
  Launcher(const Launcher&) = delete;
  Launcher& operator=(const Launcher&) = delete;

  // Answered by messages. Does nothing once stopped, like the next ones.
  void Launch(LaunchRequest request);
  // The same in two steps: what is queued need not begin before HandOver. A caller with several wakes threads once so,
  // and is not interrupted by what it wakes before it is done itself.
  void Queue(LaunchRequest request);
  void HandOver();
  // Waits for a process that somebody else has started as it does for launched ones, without kStarted. If there is no
  // such process any more, kFailed with ESRCH.
  void Adopt(const AdoptRequest& request);
  void AppendLog(std::uint64_t ticket, LogBlock block);
  // The same in two steps, the second of which is HandOver.
  void QueueLog(std::uint64_t ticket, LogBlock block);

  // Starts a warm interpreter, which requests can name by its ticket; see WarmHosts. Answered by messages.
  void OpenHost(HostRequest request);
  // Lets it end once it has begun all that named it until now.
  void CloseHost(std::uint64_t ticket);

  // Signals a running child's group. False if there is no such child, or if the system refused.
  bool Signal(std::uint64_t ticket, int signal);
  // TERM now, KILL later, as at a timeout but not counted as one. A request not begun yet fails with ECANCELED instead;
  // one that is being started is terminated as soon as it has been. False if it has ended, or if a host begins it at
  // this moment.
  bool Terminate(std::uint64_t ticket, Milliseconds kill_after);

  // Replaces the content of `messages` by all there is. Also after Stop, for what had happened until then.
  void TakeMessages(std::vector<Message>& messages);

  // Ends all threads. Requests and log blocks not yet begun are forgotten; children go on and are reaped by the
  // process, without messages. `wake` is not called any more when it returns.
  void Stop();

 private:
  // What a launching thread is about to start.
  struct Beginning {
    std::uint64_t ticket;
    std::optional<Milliseconds> terminate;  // as soon as it has begun, with this long until KILL
  };

  Launcher(const LauncherOptions& options, std::function<void()> wake);
  Status StartThreads(unsigned count);
  void LaunchLoop();
  // A launching thread's request has begun, or cannot. Returns what is to be done about it.
  std::optional<Milliseconds> EndBeginning(std::uint64_t ticket);
  // With mutex_ held; the end if it is not being started.
  std::vector<Beginning>::iterator FindBeginning(std::uint64_t ticket);
  void QueueCold(LaunchRequest request);
  void WakeLaunching();
  // There is room for another run to begin.
  void OnRoom();

  const platform::Capabilities capabilities_;
  MessageQueue messages_;
  StartGate gate_;
  UniqueFd null_;
  std::unique_ptr<Reaper> reaper_;  // null once stopped
  std::unique_ptr<LogAppender> log_appender_;
  std::unique_ptr<WarmHosts> warm_hosts_;  // null until a host is opened, and once stopped; set with mutex_ held

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<LaunchRequest> requests_;  // guarded by mutex_, like the next two
  std::vector<Beginning> beginnings_;   // no more than there are launching threads
  bool stopping_ = false;

  std::vector<std::thread> threads_;
  std::thread reaper_thread_;
};

}  // namespace ucb
