#pragma once

#include <cstddef>
#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "core/trigger/padded_text.h"

namespace ucb::trigger {

// Bit i tells whether byte i is a dash. Reads 32 bytes.
inline uint32_t DashesPortable(const char* text) {
  constexpr uint64_t kDashes = 0x2D2D2D2D2D2D2D2D;
  constexpr uint64_t kLow = 0x7F7F7F7F7F7F7F7F;
  uint32_t mask = 0;
  for (std::size_t word = 0; word < 4; ++word) {
    const uint64_t rest = Load64(text + word * 8) ^ kDashes;  // a zero byte for each dash
    const uint64_t zeros = ~(((rest & kLow) + kLow) | rest | kLow);
    // Gathers the highest bit of each byte.
    mask |= static_cast<uint32_t>(((zeros >> 7) * 0x0102040810204080) >> 56) << (word * 8);
  }
  return mask;
}

inline uint32_t Dashes(const char* text) {
#if defined(__SSE2__)
  const __m128i dash = _mm_set1_epi8('-');
  const __m128i first = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text));
  const __m128i second = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text + 16));
  const auto low = static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(first, dash)));
  return low | static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(second, dash))) << 16;
#else
  return DashesPortable(text);
#endif
}

}  // namespace ucb::trigger
