#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

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

inline uint64_t Load64(const char* at) {
  uint64_t word;
  std::memcpy(&word, at, sizeof(word));
  return word;
}

inline uint32_t Load32(const char* at) {
  uint32_t word;
  std::memcpy(&word, at, sizeof(word));
  return word;
}

// Up to eight bytes as one number; texts of one length have different numbers. Reads nothing behind the text.
inline uint64_t LoadShort(const char* at, std::size_t size) {
  if (size >= 8) return Load64(at);
  if (size >= 4) return Load32(at) | uint64_t{Load32(at + size - 4)} << 32;
  if (size == 0) return 0;
  const auto byte = [at](std::size_t index) { return static_cast<uint64_t>(static_cast<unsigned char>(at[index])); };
  return byte(0) | byte(size / 2) << 8 | byte(size - 1) << 16;
}

// A hash for tables in memory; it differs between machines. Each seed gives another function.
inline uint64_t HashText(std::string_view text, uint64_t seed) {
  const char* at = text.data();
  std::size_t left = text.size();
  uint64_t state = seed ^ (left * kHashA);
  while (left > 16) {
    state = Fold(Load64(at) ^ state, Load64(at + 8) ^ kHashB);
    at += 16;
    left -= 16;
  }
  if (left > 8) return Fold(Load64(at) ^ state, Load64(at + left - 8) ^ kHashB);
  return Fold(LoadShort(at, left) ^ state, state ^ kHashB);
}

}  // namespace ucb::trigger
