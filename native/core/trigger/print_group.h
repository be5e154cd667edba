#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "core/trigger/byte_scan.h"

namespace ucb::trigger {

// Entries of a table whose hashes fall together: where they begin, and a byte of the hash of each, all of which are
// compared at once. What is equal may be an entry; what is not is none.
struct alignas(16) PrintGroup {
  static constexpr std::size_t kPrints = 12;
  // Set if there are more entries than there is room for bytes: then all must be looked at.
  static constexpr uint32_t kCrowded = uint32_t{1} << 31;

  std::array<uint8_t, kPrints> prints{};
  uint32_t start = 0;
};

// The byte of a hash by which entries of a group are told apart.
inline uint8_t PrintOf(uint64_t hash) {
  return static_cast<uint8_t>(hash >> 56);
}

// Bit i tells whether byte i of the group is equal to the byte; those without an entry may be.
inline uint32_t PrintsEqualPortable(const PrintGroup& group, uint8_t print) {
  constexpr uint64_t kOnes = 0x0101010101010101;
  constexpr uint64_t kLow = 0x7F7F7F7F7F7F7F7F;
  uint32_t mask = 0;
  for (std::size_t at = 0; at < PrintGroup::kPrints; at += 8) {
    const std::size_t size = at + 8 <= PrintGroup::kPrints ? 8 : PrintGroup::kPrints - at;
    uint64_t word = 0;
    std::memcpy(&word, group.prints.data() + at, size);
    const uint64_t rest = word ^ (kOnes * print);  // a zero for each byte that is equal
    mask |= HighBitsPortable(~(((rest & kLow) + kLow) | rest | kLow)) << at;
  }
  return mask & ((1U << PrintGroup::kPrints) - 1);
}

inline uint32_t PrintsEqual(const PrintGroup& group, uint8_t print) {
#if defined(__SSE2__)
  const __m128i all = _mm_set1_epi8(static_cast<char>(print));
  const __m128i bytes = _mm_load_si128(reinterpret_cast<const __m128i*>(&group));
  return static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, all))) & ((1U << PrintGroup::kPrints) - 1);
#else
  return PrintsEqualPortable(group, print);
#endif
}

}  // namespace ucb::trigger
