#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <utility>

#include "core/base/error.h"

namespace ucb {

// What a launcher tells about a ticket. Of one run, kStarted comes first and kExited or kFailed last.
struct Message {
  // The last three are about hosts of warm interpreters: the host `ticket` is ready; it can take no more, and why; the
  // run `ticket` was meant for one and is launched without, and why.
  enum class Kind : std::uint8_t {
    kStarted,
    kFailed,
    kSlow,
    kExited,
    kLogged,
    kLogFailed,
    kHostReady,
    kHostRefused,
    kCold,
  };

  Kind kind = Kind::kStarted;
  bool warm = false;       // kStarted: by a host
  bool timed_out = false;  // kExited: its timeout had passed
  int exit_code = -1;      // kExited: -1 where a signal ended it, or where the status is not to be had
  int signal = 0;          // kExited: the signal that ended it, else 0
  pid_t pid = 0;           // kStarted, kSlow, kExited
  std::uint64_t ticket = 0;
  std::uint64_t start_ticks = 0;  // kStarted: tells this process from a later one of the same pid; 0 if not known
  std::int64_t at_ms = 0;         // Unix milliseconds
  double duration_ms = 0;         // kExited, like all that follow but the error
  double user_ms = 0;
  double system_ms = 0;
  std::int64_t max_rss_kb = 0;   // as wait4 counts: never below what the launching process held; -1: no usage is known
  std::unique_ptr<Error> error;  // kFailed, kLogFailed; kHostRefused and kCold: its message

  Message() = default;
  Message(Kind message_kind, std::uint64_t message_ticket)
      : kind(message_kind), ticket(message_ticket), at_ms(UnixMilliseconds()) {}
  Message(Kind message_kind, std::uint64_t message_ticket, Error message_error)
      : Message(message_kind, message_ticket) {
    error = std::make_unique<Error>(std::move(message_error));
  }

  static std::int64_t UnixMilliseconds() {
    using std::chrono::system_clock;
    return std::chrono::duration_cast<std::chrono::milliseconds>(system_clock::now().time_since_epoch()).count();
  }
};

}  // namespace ucb
