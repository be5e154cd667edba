#include "core/trigger/event_text.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>

#include "core/trigger/dash_scan.h"
#include "core/trigger/padded_text.h"

namespace ucb::trigger {
namespace {

constexpr std::size_t kNowhere = std::string_view::npos;
constexpr uint64_t kZeros = 0x3030303030303030;  // eight digits 0

struct TypeWord {
  uint64_t word = 0;
  EventType type = EventType::kJob;
};

constexpr uint64_t WordOf(std::string_view text) {
  uint64_t word = 0;
  for (std::size_t i = 0; i < text.size(); ++i) word |= uint64_t{static_cast<unsigned char>(text[i])} << (8 * i);
  return word;
}

// The types a job's event can have all begin with letters of their own.
constexpr std::array<TypeWord, 32> TypesByLetter() {
  std::array<TypeWord, 32> table;
  const auto add = [&table](std::string_view text, EventType type) {
    table[static_cast<unsigned char>(text[0]) % 32] = TypeWord{WordOf(text), type};
  };
  add("job", EventType::kJob);
  add("subjob", EventType::kSubjob);
  add("work", EventType::kWork);
  add("host", EventType::kHost);
  add("time", EventType::kTime);
  add("repeat", EventType::kRepeat);
  return table;
}

constexpr std::array<TypeWord, 32> kTypesByLetter = TypesByLetter();

// False if the text is no type that a job's event can have.
bool ParseType(std::string_view text, EventType& type) {
  const uint64_t word = KeepBytes(Load64(text.data()), text.size());
  const TypeWord& entry = kTypesByLetter[word % 32];
  type = entry.type;
  return text.size() <= 8 && word != 0 && word == entry.word;
}

// The number that up to eight digits are, or UINT64_MAX if they are none.
uint64_t ParseShortNumber(std::string_view text) {
  const std::size_t missing = 64 - text.size() * 8;
  // Digits to the end of the word, zeros in front of them.
  const uint64_t word = missing == 0 ? Load64(text.data()) : Load64(text.data()) << missing | kZeros >> (64 - missing);
  const uint64_t digits = word - kZeros;
  if (((word + 0x4646464646464646) | digits) & 0x8080808080808080) return UINT64_MAX;
  // Neighbours become pairs, then fours, then all eight.
  const uint64_t pairs = digits * 10 + (digits >> 8);
  const uint64_t high = (pairs & 0x000000FF000000FF) * (100 + (uint64_t{1000000} << 32));
  const uint64_t low = ((pairs >> 16) & 0x000000FF000000FF) * (1 + (uint64_t{10000} << 32));
  return (high + low) >> 32;
}

// 0 if the text is no job id.
uint64_t ParseJobId(std::string_view text) {
  if (text.empty()) return 0;
  if (text.size() <= 8) {
    const uint64_t id = ParseShortNumber(text);
    return id == UINT64_MAX ? 0 : id;
  }
  uint64_t id = 0;
  for (const char letter : text) {
    const auto digit = static_cast<unsigned char>(letter - '0');
    if (digit > 9) return 0;
    id = id * 10 + digit;
    if (id > kMaxJobId) return 0;
  }
  return id;
}

bool ParseGlobal(std::string_view text, EventType type, std::size_t dash, Event& event) {
  event = Event{.name = text.substr(0, 0), .type = type, .job = 0, .extra = text.substr(dash + 1)};
  return !event.extra.empty();
}

}  // namespace

bool ParseEvent(std::string_view text, Event& event) {
  // Where the first three dashes are; a short event has them all in its first 32 bytes.
  uint32_t dashes = Dashes(text.data());
  if (text.size() < 32) dashes &= ~(~uint32_t{0} << text.size());
  std::array<std::size_t, 3> at = {kNowhere, kNowhere, kNowhere};
  if (text.size() <= 32 || std::popcount(dashes) >= 3) {
    for (std::size_t& place : at) {
      place = dashes == 0 ? kNowhere : static_cast<std::size_t>(std::countr_zero(dashes));
      dashes &= dashes - 1;
    }
  } else {
    std::size_t from = 0;
    for (std::size_t& place : at) {
      place = text.find('-', from);
      if (place == kNowhere) break;
      from = place + 1;
    }
  }

  const auto [first, second, third] = at;
  if (first == kNowhere || first == 0) return false;
  const std::string_view head = text.substr(0, first);
  if (head.size() >= 10) {
    if (head == "globaltime") return ParseGlobal(text, EventType::kGlobalTime, first, event);
    if (head == "globalrepeat") return ParseGlobal(text, EventType::kGlobalRepeat, first, event);
  }
  if (second == kNowhere || !ParseType(text.substr(first + 1, second - first - 1), event.type)) return false;
  const std::size_t end = std::min(third, text.size());
  event.name = head;
  event.job = ParseJobId(text.substr(second + 1, end - second - 1));
  event.extra = text.substr(std::min(end + 1, text.size()));
  return event.job != 0;
}

}  // namespace ucb::trigger
