#include "core/trigger/event_text.h"

#include <cstddef>

namespace ucb::trigger {
namespace {

// -1 if the text is no event type.
int TypeOf(std::string_view text) {
  const auto is = [text](std::string_view word, EventType type) { return text == word ? static_cast<int>(type) : -1; };
  switch (text.size()) {
    case 3:
      return is("job", EventType::kJob);
    case 4:
      switch (text[0]) {
        case 'w':
          return is("work", EventType::kWork);
        case 'h':
          return is("host", EventType::kHost);
        default:
          return is("time", EventType::kTime);
      }
    case 6:
      return text[0] == 's' ? is("subjob", EventType::kSubjob) : is("repeat", EventType::kRepeat);
    case 10:
      return is("globaltime", EventType::kGlobalTime);
    case 12:
      return is("globalrepeat", EventType::kGlobalRepeat);
    default:
      return -1;
  }
}

// 0 if the text is no job id.
uint64_t JobIdOf(std::string_view text) {
  uint64_t id = 0;
  for (const char letter : text) {
    const auto digit = static_cast<unsigned char>(letter - '0');
    if (digit > 9) return 0;
    id = id * 10 + digit;
    if (id > kMaxJobId) return 0;
  }
  return id;
}

}  // namespace

bool ParseEvent(std::string_view text, Event& event) {
  const std::size_t first = text.find('-');
  if (first == std::string_view::npos || first == 0) return false;
  const std::string_view head = text.substr(0, first);
  if (head.size() >= 10) {
    const int global = TypeOf(head);
    if (global >= 0) {
      event.name = {};
      event.type = static_cast<EventType>(global);
      event.job = 0;
      event.extra = text.substr(first + 1);
      return !event.extra.empty();
    }
  }
  const std::size_t second = text.find('-', first + 1);
  if (second == std::string_view::npos) return false;
  const int type = TypeOf(text.substr(first + 1, second - first - 1));
  if (type < 0) return false;
  const std::size_t third = text.find('-', second + 1);
  const bool has_extra = third != std::string_view::npos;
  event.name = head;
  event.type = static_cast<EventType>(type);
  event.job = JobIdOf(text.substr(second + 1, has_extra ? third - second - 1 : std::string_view::npos));
  event.extra = has_extra ? text.substr(third + 1) : std::string_view();
  return event.job != 0;
}

}  // namespace ucb::trigger
