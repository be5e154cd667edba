#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "core/process/platform.h"

namespace ucb {

// Lets few processes at once into their first moments, when each wants a processor for itself: the more of them do, the
// longer whoever launches waits for one. A process is young until it ends or is found asleep, but for kYouth at most.
// Any thread.
class StartGate {
 public:
  using TimePoint = platform::Clock::time_point;

  static constexpr std::chrono::milliseconds kYouth{20};
  // Whoever is refused asks again after so long, and others are looked at then.
  static constexpr std::chrono::milliseconds kPause{2};

  // `most` are young at once; 0 is any number. `room` is called when one has left while another was refused, on the
  // thread that calls Leave.
  StartGate(std::size_t most, std::function<void()> room) : most_(most), room_(std::move(room)) {}

  // Nothing: the process that `ticket` stands for may begin now, and is young. Otherwise when to ask again, if `room`
  // is not called before.
  std::optional<TimePoint> Enter(std::uint64_t ticket);
  // It has this number. Nothing if it is young no more, or never was.
  void Begin(std::uint64_t ticket, pid_t pid);
  // It has ended, or did not begin after all. Nothing if it is young no more, or never was.
  void Leave(std::uint64_t ticket);

 private:
  struct Young {
    std::uint64_t ticket;
    TimePoint until;
    TimePoint look_at;  // never before it has a number
    pid_t pid;
  };

  // With mutex_ held.
  void DropOld(TimePoint now);

  const std::size_t most_;
  const std::function<void()> room_;

  std::mutex mutex_;
  std::vector<Young> young_;
  bool refused_ = false;  // somebody, since room_ was called
};

}  // namespace ucb
