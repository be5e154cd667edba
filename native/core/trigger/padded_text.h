#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace ucb::trigger {

static_assert(std::endian::native == std::endian::little, "words are loaded as they lie in memory");

// So many bytes behind a padded text can be read, whatever they hold. It lets texts be loaded by whole words: byte
// loops cost a mispredicted branch for each field whose length differs from the last event's.
inline constexpr std::size_t kTextPadding = 32;

inline uint64_t Load64(const char* at) {
  uint64_t word;
  std::memcpy(&word, at, sizeof(word));
  return word;
}

// Ones, then zeros: read from the middle on backwards, they keep so many bytes of two words.
inline constexpr std::array<unsigned char, 32> kKeep = {255, 255, 255, 255, 255, 255, 255, 255,
                                                        255, 255, 255, 255, 255, 255, 255, 255};

// The first `size` bytes of a word, at most all eight; the others are 0.
inline uint64_t KeepBytes(uint64_t word, std::size_t size) {
  return word & Load64(reinterpret_cast<const char*>(kKeep.data()) + 16 - std::min<std::size_t>(size, 8));
}

// The same for a size that is known to be no more.
inline uint64_t KeepFewBytes(uint64_t word, std::size_t size) {
  return word & Load64(reinterpret_cast<const char*>(kKeep.data()) + 16 - size);
}

// Sixteen bytes of text, with zeros where the text has ended.
struct TextWords {
  uint64_t low;
  uint64_t high;
  bool operator==(const TextWords&) const = default;
};

inline TextWords LoadPadded(std::string_view text) {
  const char* const keep = reinterpret_cast<const char*>(kKeep.data()) + 16 - std::min<std::size_t>(text.size(), 16);
  return {Load64(text.data()) & Load64(keep), Load64(text.data() + 8) & Load64(keep + 8)};
}

// The same for up to sixteen bytes.
inline TextWords LoadFewPadded(std::string_view text) {
  const char* const keep = reinterpret_cast<const char*>(kKeep.data()) + 16 - text.size();
  return {Load64(text.data()) & Load64(keep), Load64(text.data() + 8) & Load64(keep + 8)};
}

// The same for a text that has no padding.
inline TextWords LoadPlain(std::string_view text) {
  TextWords words{0, 0};
  if (!text.empty()) std::memcpy(&words, text.data(), text.size() < 16 ? text.size() : 16);
  return words;
}

}  // namespace ucb::trigger
