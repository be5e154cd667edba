#pragma once

#include <cstdint>
#include <string_view>

#include "core/trigger/program.h"

namespace ucb::trigger {

// An event taken apart; the texts point into the event's own.
struct Event {
  std::string_view name;  // empty only for global time events
  EventType type = EventType::kJob;
  uint64_t job = 0;  // 1 to 2^53-1, 0 only for global time events
  std::string_view extra;
};

// Takes `name-type-jobid-extra`, `globaltime-t` or `globalrepeat-t-interval` apart; false if the text is malformed.
// Accepts exactly what parseEvent of lib/trigger/event.ts accepts. The text must be padded (kTextPadding).
bool ParseEvent(std::string_view text, Event& event);

}  // namespace ucb::trigger
