#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "addon/node_api.h"
#include "core/trigger/byte_scan.h"
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
    if (napi_get_value_string_utf16(env, value, units_.data(), kMost, &length) != napi_ok) return false;
    is_fresh_ = length <= trigger::FreshText::kMost && NarrowFresh();
    if (!is_fresh_) [[unlikely]]
      return ReadOther(env, value, length);
    view_ = {bytes_.data(), length};
    return true;
  }

  // All until the next string is read.
  std::string_view view() const { return view_; }
  // Whether the string is short and ASCII, as most events are. Then its dashes are known as well, a bit for each byte;
  // bits behind the string mean nothing.
  bool is_fresh() const { return is_fresh_; }
  trigger::FreshText fresh() const { return {bytes_.data(), view_.size()}; }
  uint32_t dashes() const { return dashes_; }

 private:
  static constexpr std::size_t kMost = 256;

  // Makes bytes of as many units as a fresh text can have; false if any is no ASCII.
  bool NarrowFresh();
  bool ReadOther(napi_env env, napi_value value, std::size_t length);
  bool ReadLong(napi_env env, napi_value value);

  // Units behind the string are those of others before it, and ASCII as they were. Nothing that is read or written at
  // once lies in two cache lines.
  alignas(64) std::array<char16_t, kMost> units_{};
  alignas(64) std::array<char, kMost + trigger::kTextPadding> bytes_{};
  static_assert(kMost > trigger::FreshText::kRoom);
  std::string long_;
  std::string_view view_;
  uint32_t dashes_ = 0;
  bool is_fresh_ = false;
};

inline bool EventString::NarrowFresh() {
  using trigger::FreshText;
  char* const first = bytes_.data();
  char* const second = first + FreshText::kSecond;
#if defined(__SSE2__)
  const auto load = [this](std::size_t at) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(units_.data() + at));
  };
  const auto store = [](char* at, __m128i bytes) { _mm_storeu_si128(reinterpret_cast<__m128i*>(at), bytes); };
  const auto dashes_of = [](__m128i bytes) {
    return static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('-'))));
  };
  const __m128i low = _mm_packus_epi16(load(0), load(8));
  const __m128i high = _mm_packus_epi16(load(16), load(24));
  store(first, low);
  store(first + 16, high);
  // Steps of the second copy begin eight bytes later.
  store(second + 8, _mm_castpd_si128(_mm_shuffle_pd(_mm_castsi128_pd(low), _mm_castsi128_pd(high), 1)));
  store(second + 24, _mm_srli_si128(high, 8));
  dashes_ = dashes_of(low) | dashes_of(high) << 16;
  const __m128i all = _mm_or_si128(_mm_or_si128(load(0), load(8)), _mm_or_si128(load(16), load(24)));
  const __m128i beyond = _mm_and_si128(all, _mm_set1_epi16(static_cast<int16_t>(0xFF80)));
  return _mm_movemask_epi8(_mm_cmpeq_epi8(beyond, _mm_setzero_si128())) == 0xFFFF;
#else
  uint16_t all = 0;
  for (std::size_t at = 0; at < FreshText::kMost; ++at) {
    all = static_cast<uint16_t>(all | units_[at]);
    first[at] = static_cast<char>(units_[at]);
  }
  std::memcpy(second + 8, first + 8, FreshText::kMost - 8);
  dashes_ = trigger::BytesEqual(first, '-');
  return all < 0x80;
#endif
}

}  // namespace ucb::addon
