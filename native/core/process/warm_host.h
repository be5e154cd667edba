#pragma once

#include <sys/types.h>

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/base/result.h"
#include "core/base/unique_fd.h"
#include "core/process/platform.h"
#include "core/process/request.h"

namespace ucb {

// What to start as a host: an interpreter that has everything loaded, and forks for each run it is asked for. The forks
// are children of this process, not of the host.
struct HostRequest {
  std::uint64_t ticket = 0;  // names the host
  std::string file;          // absolute
  StringList argv;           // at least one
  StringList env;            // KEY=value: the whole environment
};

// What a host, or a fork of it that has just begun, says. runtime/python/ucb_warm/host.py has the protocol.
struct HostAnswer {
  enum class Kind : std::uint8_t { kReady, kRefused, kForked, kStarted, kCold };

  Kind kind = Kind::kReady;
  std::uint64_t ticket = 0;  // all but kReady and kRefused
  pid_t pid = 0;             // kForked, kStarted; of a fork that gives up, kCold
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
    pid_t pid = 0;  // of the fork, where the host has told
  };

  enum class Sent : std::uint8_t { kYes, kLater, kImpossible };

  // Starts it. `null_fd` is /dev/null, open for reading and writing, above 2.
  static Result<WarmHost> Start(const platform::Capabilities& capabilities, int null_fd, HostRequest& request);

  std::uint64_t ticket() const { return ticket_; }
  pid_t pid() const { return pid_; }
  int channel() const { return channel_.get(); }

  // Asks for a run. kLater, and nothing is changed, if it has as much to do as it can take, or no longer listens;
  // kImpossible if this run must be started in another way. Does not wait.
  Sent Ask(LaunchRequest& request);
  // The next thing it has said, if there is any.
  std::optional<HostAnswer> Answer();
  // Whether nobody is at the other end any more, neither the host nor a fork that has not begun. Once all answers are
  // taken.
  bool over() const { return over_; }

  // The run that was asked for by this ticket, no longer counted as asked for; nothing if there is none.
  std::optional<Asked> Take(std::uint64_t ticket);
  void NoteFork(std::uint64_t ticket, pid_t pid);
  // Ends a fork that has not begun and gives up, and reaps it.
  static void EndFork(pid_t pid);
  // All that were asked for and have not begun. Reaps forks of them that died before.
  std::deque<Asked> TakeAll();
  bool idle() const { return asked_.empty(); }

  void BecomeReady() { ready_ = true; }
  bool ready() const { return ready_; }
  // When to give it up if it has not answered by then.
  std::optional<TimePoint> patience_ends() const;
  // Nothing more is asked of it; whoever calls this ends its process. Forks that have not begun are left alone, since
  // they begin within an instant, and are accounted for; called again, it kills those that we know of.
  void GiveUp(std::string reason);
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
  bool given_up_ = false;
  std::string reason_;
  TimePoint heard_at_;  // or when it was first asked for what it has not answered yet
  std::unordered_map<std::uint64_t, Asked> asked_;
};

}  // namespace ucb
