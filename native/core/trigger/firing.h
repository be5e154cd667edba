#pragma once

#include <compare>
#include <cstdint>

namespace ucb::trigger {

// One callback to be run for one job.
struct Firing {
  uint32_t callback;
  uint64_t owner;                                   // job id, 0 for global time events
  auto operator<=>(const Firing&) const = default;  // NOLINT(modernize-use-nullptr)
};

}  // namespace ucb::trigger
