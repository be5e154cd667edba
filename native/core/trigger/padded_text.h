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

// A text that is padded and has been in memory for a while.
class PaddedText {
 public:
  explicit PaddedText(std::string_view text) : text_(text) {}

  std::string_view view() const { return text_; }
  std::size_t size() const { return text_.size(); }
  // Eight bytes from this one on, which may be the one behind the last.
  uint64_t Load(std::size_t at) const { return Load64(text_.data() + at); }

 private:
  std::string_view text_;
};

// A text of up to 32 bytes that has just been written, by steps of sixteen bytes. A processor hands on what it has not
// written to memory yet, but only to a load that one step alone has the bytes of; others wait for memory. So there are
// two copies, whose steps overlap, and every load takes the one in which it lies within a step.
class FreshText {
 public:
  static constexpr std::size_t kMost = 32;
  static constexpr std::size_t kStep = 16;
  // The second copy lies so far behind the first. It needs no more than what is behind the text's first eight bytes.
  static constexpr std::size_t kSecond = 64;
  static constexpr std::size_t kRoom = kSecond + kMost + kStep;

  // Both copies must be there, the first at `start`, and all the room must be readable.
  FreshText(const char* start, std::size_t size) : start_(start), size_(size) {}

  std::string_view view() const { return {start_, size_}; }
  std::size_t size() const { return size_; }
  uint64_t Load(std::size_t at) const { return Load64(start_ + at + (at & 8) * (kSecond / 8)); }

 private:
  const char* start_;
  std::size_t size_;
};

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

// The same for the first bytes of a text, up to sixteen.
template <typename Text>
inline TextWords LoadStart(const Text& text, std::size_t size) {
  const char* const keep = reinterpret_cast<const char*>(kKeep.data()) + 16 - size;
  return {text.Load(0) & Load64(keep), text.Load(8) & Load64(keep + 8)};
}

// The same for a text that has no padding.
inline TextWords LoadPlain(std::string_view text) {
  TextWords words{0, 0};
  if (!text.empty()) std::memcpy(&words, text.data(), text.size() < 16 ? text.size() : 16);
  return words;
}

}  // namespace ucb::trigger
