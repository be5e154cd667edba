#pragma once

#include <cstddef>
#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "core/trigger/padded_text.h"

// Looks at 32 bytes at once: bit i of an answer is about byte i.
namespace ucb::trigger {

// Gathers the highest bit of each byte.
inline uint32_t HighBitsPortable(uint64_t word) {
  return static_cast<uint32_t>((((word >> 7) & 0x0101010101010101) * 0x0102040810204080) >> 56);
}

inline uint32_t BytesEqualPortable(const char* text, char byte) {
  constexpr uint64_t kLow = 0x7F7F7F7F7F7F7F7F;
  const uint64_t all = 0x0101010101010101 * static_cast<unsigned char>(byte);
  uint32_t mask = 0;
  for (std::size_t word = 0; word < 4; ++word) {
    const uint64_t rest = Load64(text + word * 8) ^ all;  // a zero for each byte that is equal
    mask |= HighBitsPortable(~(((rest & kLow) + kLow) | rest | kLow)) << (word * 8);
  }
  return mask;
}

// Which bytes are equal to one.
inline uint32_t BytesEqual(const char* text, char byte) {
#if defined(__SSE2__)
  const __m128i all = _mm_set1_epi8(byte);
  const __m128i first = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text));
  const __m128i second = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text + 16));
  const auto low = static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(first, all)));
  return low | static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(second, all))) << 16;
#else
  return BytesEqualPortable(text, byte);
#endif
}

// Which bytes are no ASCII.
inline uint32_t BytesBeyondAscii(const char* text) {
#if defined(__SSE2__)
  const auto low = static_cast<uint32_t>(_mm_movemask_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(text))));
  return low | static_cast<uint32_t>(_mm_movemask_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(text + 16))))
                   << 16;
#else
  uint32_t mask = 0;
  for (std::size_t word = 0; word < 4; ++word) mask |= HighBitsPortable(Load64(text + word * 8)) << (word * 8);
  return mask;
#endif
}

}  // namespace ucb::trigger
