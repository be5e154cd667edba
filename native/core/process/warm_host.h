#pragma once

#include <sys/types.h>

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/base/result.h"
#include "core/base/unique_fd.h"
#include "core/process/platform.h"
#include "core/process/request.h"

namespace ucb {

// What to start as a host: an interpreter that has everything loaded, and forks. Its forks are children of this
// process, not of the host; each waits at the channel that they all share, and becomes the run that is asked for next.
struct HostRequest {
  std::uint64_t ticket = 0;  // names the host
  std::string file;          // absolute
  StringList argv;           // at least one
  StringList env;            // KEY=value: the whole environment
};

// What a host, or a fork of it, says. runtime/python/ucb_warm/host.py has the protocol.
struct HostAnswer {
  enum class Kind : std::uint8_t { kReady, kRefused, kForked, kStarted, kCold, kLeaves };

  Kind kind = Kind::kReady;
  std::uint64_t ticket = 0;  // kStarted, kCold
  pid_t pid = 0;             // all but kReady and kRefused: of the fork
  std::string reason;        // kRefused, kCold

  // Nothing if it makes no sense.
  static std::optional<HostAnswer> Parse(std::string_view packet);
};

// Our side of one host. One thread owns it.
class WarmHost {
 public:
  using TimePoint = platform::Clock::time_point;

  // A run it was asked for and has not begun.
  struct Asked {
    LaunchRequest request;
    TimePoint at;
  };

  enum class Sent : std::uint8_t { kYes, kLater, kImpossible };

  // Starts it. `null_fd` is /dev/null, open for reading and writing, above 2.
  static Result<WarmHost> Start(const platform::Capabilities& capabilities, int null_fd, HostRequest& request);

  std::uint64_t ticket() const { return ticket_; }
  pid_t pid() const { return pid_; }
  int channel() const { return channel_.get(); }

  // Whether it listens, and has not as much to do as it can take.
  bool MayBeAsked() const;
  // Asks for a run. kLater, and nothing is changed, if it may not be asked, or its channel is full or closed;
  // kImpossible if this run must be started in another way. Does not wait.
  Sent Ask(LaunchRequest& request);
  // The next thing it has said, if there is any.
  std::optional<HostAnswer> Answer();
  // Whether nobody is at the other end any more, neither the host nor a fork that waits. Once all answers are taken.
  bool over() const { return over_; }

  // The run that was asked for by this ticket, no longer counted as asked for; nothing if there is none.
  std::optional<Asked> Take(std::uint64_t ticket);
  // A fork waits from now on. False if it has begun, or left, before the host had told of it.
  bool Park(pid_t pid);
  // It waits no more. False if it is not known to have waited.
  bool Unpark(pid_t pid);
  bool IsParked(pid_t pid) const { return parked_.count(pid) != 0; }
  // All that wait, which are no longer known to.
  std::vector<pid_t> UnparkAll();
  // Ends a fork that gives up, and reaps it.
  static void EndFork(pid_t pid);
  // All that were asked for and have not begun.
  std::deque<Asked> TakeAll();
  bool idle() const { return asked_.empty(); }

  void BecomeReady() { ready_ = true; }
  bool ready() const { return ready_; }
  // When to give it up if it has not answered by then.
  std::optional<TimePoint> patience_ends() const;
  // Nothing more is asked of it: its forks begin what was asked for before, or leave, and then it ends.
  void Leave();
  bool leaves() const { return leaves_; }
  // The same, for a reason, and whoever calls this ends its process. False if it was given up before: whoever still
  // waits then does not leave by itself.
  bool GiveUp(std::string reason);
  // Why it has ended, as far as we know.
  std::string reason() const;

 private:
  WarmHost() = default;

  std::uint64_t ticket_ = 0;
  pid_t pid_ = 0;
  UniqueFd channel_;
  UniqueFd messages_;  // what it writes to stderr until it is ready
  bool ready_ = false;
  bool over_ = false;
  bool leaves_ = false;
  bool given_up_ = false;
  std::string reason_;
  TimePoint heard_at_;  // or when it was first asked for what it has not answered yet
  std::unordered_map<std::uint64_t, Asked> asked_;
  std::unordered_set<pid_t> parked_;
  std::unordered_set<pid_t> ahead_;  // forks that have told of themselves before the host did
};

}  // namespace ucb
