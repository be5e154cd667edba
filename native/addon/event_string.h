#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "addon/node_api.h"
#include "core/trigger/padded_text.h"

namespace ucb::addon {

// A JavaScript string as UTF-8, padded as the matcher wants its texts; lone surrogates become U+FFFD. A short string of
// ASCII costs no allocation and no pass over it but a copy: Node-API's own conversion to UTF-8 takes twice as long, and
// the one to Latin-1 truncates other letters without a word. Made once for many strings.
class EventString {
 public:
  // False if the value is no string.
  [[gnu::always_inline]] bool Read(napi_env env, napi_value value) {
    std::size_t length = 0;
    if (napi_get_value_string_utf16(env, value, units_.data(), kShort, &length) != napi_ok) return false;
    // A full array may have cut the string.
    if (length + 1 == kShort || !Narrow(length)) [[unlikely]]
      return ReadLong(env, value);
    view_ = {short_.data(), length};
    return true;
  }

  // Valid until the next string is read.
  std::string_view view() const { return view_; }

 private:
  static constexpr std::size_t kShort = 256;
  // Most events are no longer: then there is but one step, whatever their length.
  static constexpr std::size_t kStep = 32;

  // Makes bytes of so many units, and some more; false if any is no ASCII.
  bool Narrow(std::size_t length) {
    std::size_t at = 0;
    bool is_ascii = true;
    do {
      is_ascii &= NarrowStep(units_.data() + at, short_.data() + at);
      at += kStep;
    } while (at < length);
    return is_ascii;
  }
  static bool NarrowStep(const char16_t* units, char* bytes);
  bool ReadLong(napi_env env, napi_value value);

  // Units behind the string are those of others before it, and ASCII as they were.
  std::array<char16_t, kShort + kStep> units_{};
  std::array<char, kShort + kStep + trigger::kTextPadding> short_{};
  std::string long_;
  std::string_view view_;
};

inline bool EventString::NarrowStep(const char16_t* units, char* bytes) {
#if defined(__SSE2__)
  __m128i all = _mm_setzero_si128();
  for (std::size_t at = 0; at < kStep; at += 16) {
    const __m128i first = _mm_loadu_si128(reinterpret_cast<const __m128i*>(units + at));
    const __m128i second = _mm_loadu_si128(reinterpret_cast<const __m128i*>(units + at + 8));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(bytes + at), _mm_packus_epi16(first, second));
    all = _mm_or_si128(all, _mm_or_si128(first, second));
  }
  const __m128i beyond = _mm_and_si128(all, _mm_set1_epi16(static_cast<int16_t>(0xFF80)));
  return _mm_movemask_epi8(_mm_cmpeq_epi8(beyond, _mm_setzero_si128())) == 0xFFFF;
#else
  uint16_t all = 0;
  for (std::size_t at = 0; at < kStep; ++at) {
    all = static_cast<uint16_t>(all | units[at]);
    bytes[at] = static_cast<char>(units[at]);
  }
  return all < 0x80;
#endif
}

}  // namespace ucb::addon
