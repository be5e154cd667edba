#include "core/process/start_gate.h"

#include <algorithm>

namespace ucb {

std::optional<StartGate::TimePoint> StartGate::Enter(std::uint64_t ticket) {
  if (most_ == 0) return std::nullopt;
  const TimePoint now = platform::Clock::now();
  const std::lock_guard lock(mutex_);
  if (young_.size() >= most_) DropOld(now);
  if (young_.size() >= most_) {
    refused_ = true;
    return now + kPause;
  }
  young_.push_back({ticket, now + kYouth, TimePoint::max(), 0});
  return std::nullopt;
}

void StartGate::Begin(std::uint64_t ticket, pid_t pid) {
  if (most_ == 0) return;
  const TimePoint look_at = platform::Clock::now() + kPause;
  const std::lock_guard lock(mutex_);
  const auto found =
      std::find_if(young_.begin(), young_.end(), [&](const Young& young) { return young.ticket == ticket; });
  if (found == young_.end()) return;
  found->pid = pid;
  found->look_at = look_at;
}

void StartGate::Leave(std::uint64_t ticket) {
  if (most_ == 0) return;
  {
    const std::lock_guard lock(mutex_);
    if (std::erase_if(young_, [&](const Young& young) { return young.ticket == ticket; }) == 0) return;
    if (!std::exchange(refused_, false)) return;
  }
  room_();
}

void StartGate::DropOld(TimePoint now) {
  std::erase_if(young_, [&](Young& young) {
    if (young.until <= now) return true;
    if (young.look_at > now) return false;
    young.look_at = now + kPause;
    return platform::IsIdle(young.pid);
  });
}

}  // namespace ucb
