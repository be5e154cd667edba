#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/trigger/padded_text.h"

// Hashes for tables in memory; they differ between machines.
namespace ucb::trigger {

__extension__ using Product = unsigned __int128;

inline constexpr uint64_t kHashA = 0x9E3779B97F4A7C15;
inline constexpr uint64_t kHashB = 0xD6E8FEB86659FD93;

// Folds the 128-bit product: every bit of both factors reaches every bit of the result.
inline uint64_t Fold(uint64_t left, uint64_t right) {
  const Product product = static_cast<Product>(left) * right;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

inline uint64_t Mix(uint64_t value) {
  return Fold(value ^ kHashA, kHashB);
}
inline uint64_t Mix(uint64_t left, uint64_t right) {
  return Fold(left ^ kHashA, right ^ kHashB);
}

// Of a text of up to sixteen bytes.
inline uint64_t HashWords(TextWords words, std::size_t size, uint64_t seed) {
  return Fold(words.low ^ seed, words.high ^ (seed + size * kHashA));
}

// Of a text longer than sixteen bytes.
inline uint64_t HashLong(std::string_view text, uint64_t seed) {
  uint64_t state = seed ^ text.size();
  const char* at = text.data();
  const char* const last = at + text.size() - 16;
  for (; at < last; at += 16) state = Fold(Load64(at) ^ state, Load64(at + 8) ^ kHashB);
  return Fold(Load64(last) ^ state, Load64(last + 8) ^ kHashB);
}

// Each seed gives another function.
inline uint64_t HashText(std::string_view text, uint64_t seed) {
  return text.size() > 16 ? HashLong(text, seed) : HashWords(LoadPlain(text), text.size(), seed);
}

// HashText of a padded text.
inline uint64_t HashPadded(std::string_view text, uint64_t seed) {
  return text.size() > 16 ? HashLong(text, seed) : HashWords(LoadPadded(text), text.size(), seed);
}

}  // namespace ucb::trigger
