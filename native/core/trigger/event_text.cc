#include "core/trigger/event_text.h"

namespace ucb::trigger {

uint64_t ParseLongJobId(std::string_view text) {
  uint64_t id = 0;
  for (const char letter : text) {
    const auto digit = static_cast<unsigned char>(letter - '0');
    if (digit > 9) return 0;
    id = id * 10 + digit;
    if (id > kMaxJobId) return 0;
  }
  return id;
}

DashPlaces FindDashes(std::string_view text) {
  const std::size_t first = std::min(text.find('-'), text.size());
  const std::size_t second = std::min(text.find('-', first + 1), text.size());
  return {.first = first, .second = second, .third = std::min(text.find('-', second + 1), text.size())};
}

bool ParseGlobalEvent(std::string_view text, std::size_t dash, TypedEvent& event) {
  if (dash >= text.size()) return false;
  const std::string_view head = text.substr(0, dash);
  if (head != "globaltime" && head != "globalrepeat") return false;
  event.name = text.substr(0, 0);
  event.type = head == "globaltime" ? EventType::kGlobalTime : EventType::kGlobalRepeat;
  event.job = 0;
  event.extra = text.substr(dash + 1);
  return true;
}

}  // namespace ucb::trigger
