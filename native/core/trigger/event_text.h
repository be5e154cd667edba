#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/trigger/byte_scan.h"
#include "core/trigger/padded_text.h"
#include "core/trigger/program.h"

namespace ucb::trigger {

// An event taken apart but for its type; the texts point into the event's own.
struct Event {
  std::string_view name;  // empty only for global time events
  uint64_t job = 0;       // 1 to 2^53-1, 0 only for global time events
  std::string_view extra;
};

struct TypedEvent : Event {
  EventType type = EventType::kJob;
};

inline constexpr uint64_t kZeros = 0x3030303030303030;  // eight digits 0

struct TypeWord {
  // Its letters, and in the highest byte how many: with a NUL behind it a type has the same letters.
  uint64_t word = UINT64_MAX;
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
    table[static_cast<unsigned char>(text[0]) % 32] = TypeWord{WordOf(text) | uint64_t{text.size()} << 56, type};
  };
  add("job", EventType::kJob);
  add("subjob", EventType::kSubjob);
  add("work", EventType::kWork);
  add("host", EventType::kHost);
  add("time", EventType::kTime);
  add("repeat", EventType::kRepeat);
  return table;
}

inline constexpr std::array<TypeWord, 32> kTypesByLetter = TypesByLetter();

// False if the `size` bytes that a word begins with are no type that a job's event can have.
inline bool ParseType(uint64_t word, std::size_t size, EventType& type) {
  const uint64_t letters = KeepBytes(word, size);
  const TypeWord& entry = kTypesByLetter[letters % 32];
  type = entry.type;
  const uint64_t differs = entry.word ^ letters ^ uint64_t { size } << 56;
  return (differs | size >> 3) == 0;
}

// The number that the one to eight digits are which a word begins with, or UINT64_MAX if they are none.
inline uint64_t ParseShortNumber(uint64_t word, std::size_t size) {
  // Digits to the end of the word, zeros in front of them.
  const uint64_t digits = (word ^ kZeros) << (64 - size * 8);
  if (((digits + 0x7676767676767676) | digits) & 0x8080808080808080) return UINT64_MAX;
  // Neighbours become pairs, then fours, then all eight.
  const uint64_t pairs = digits * 10 + (digits >> 8);
  const uint64_t high = (pairs & 0x000000FF000000FF) * (100 + (uint64_t{1000000} << 32));
  const uint64_t low = ((pairs >> 16) & 0x000000FF000000FF) * (1 + (uint64_t{10000} << 32));
  return (high + low) >> 32;
}

// The number that digits are, 0 if it is no job id.
uint64_t ParseLongJobId(std::string_view text);

// The same for `size` bytes of a padded text.
template <typename Text>
inline uint64_t ParseJobId(const Text& text, std::size_t at, std::size_t size) {
  if (size - 1 >= 8) [[unlikely]]
    return ParseLongJobId({text.view().data() + at, size});
  const uint64_t id = ParseShortNumber(text.Load(at), size);
  return id == UINT64_MAX ? 0 : id;
}

// Where the first three dashes of a text are, its end or behind it where there are none.
struct DashPlaces {
  std::size_t first;
  std::size_t second;
  std::size_t third;
};

DashPlaces FindDashes(std::string_view text);

// The number of the lowest bit that is set, of which there must be one.
inline std::size_t LowestBit(uint64_t bits) {
  return static_cast<std::size_t>(__builtin_ctzll(bits));
}

// Bit i of `dashes` tells whether byte i is one; at least three must be set, which may stand for the end.
inline DashPlaces DashPlacesOf(uint64_t dashes) {
  const uint64_t rest = dashes & (dashes - 1);
  return {.first = LowestBit(dashes), .second = LowestBit(rest), .third = LowestBit(rest & (rest - 1))};
}

// The same for a text of up to 32 bytes, from what its first 32 bytes are.
inline DashPlaces DashPlacesOf(uint32_t dashes, std::size_t size) {
  const uint64_t end = uint64_t{1} << size;
  return DashPlacesOf((dashes & (end - 1)) | end * 7);
}

inline DashPlaces DashPlacesOf(std::string_view text) {
  const uint64_t dashes = BytesEqual(text.data(), '-');
  if (text.size() <= 32) return DashPlacesOf(static_cast<uint32_t>(dashes), text.size());
  const uint64_t rest = dashes & (dashes - 1);
  if ((rest & (rest - 1)) == 0) return FindDashes(text);
  return DashPlacesOf(dashes);
}

// Takes `globaltime-t` or `globalrepeat-t-interval` apart; false for a text that begins with neither name.
bool ParseGlobalEvent(std::string_view text, std::size_t dash, TypedEvent& event);

// Reads what follows name and type, which end before the text does; false if it is no job id.
template <typename Text>
[[gnu::always_inline]] inline bool ParseRest(const Text& text, const DashPlaces& dashes, Event& event) {
  const char* const start = text.view().data();
  const std::size_t size = text.size();
  const std::size_t end = std::min(dashes.third, size);
  const std::size_t extra = std::min(dashes.third + 1, size);
  event.job = ParseJobId(text, dashes.second + 1, end - dashes.second - 1);
  event.extra = {start + extra, size - extra};
  return event.job != 0;
}

// Takes `name-type-jobid-extra`, `globaltime-t` or `globalrepeat-t-interval` apart; false if the text is malformed.
// Accepts exactly what parseEvent of lib/trigger/event.ts accepts. The text must be padded (kTextPadding).
inline bool ParseEvent(std::string_view text, const DashPlaces& dashes, TypedEvent& event) {
  const char* const start = text.data();
  if (dashes.first >= 10 && ParseGlobalEvent(text, dashes.first, event)) return !event.extra.empty();
  if (dashes.first == 0 || dashes.second >= text.size()) return false;
  const PaddedText padded(text);
  if (!ParseType(padded.Load(dashes.first + 1), dashes.second - dashes.first - 1, event.type)) return false;
  event.name = {start, dashes.first};
  return ParseRest(padded, dashes, event);
}

inline bool ParseEvent(std::string_view text, TypedEvent& event) {
  return ParseEvent(text, DashPlacesOf(text), event);
}

}  // namespace ucb::trigger
