#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "addon/node_api.h"
#include "core/trigger/padded_text.h"

namespace ucb::addon {

// A JavaScript string as UTF-8, padded as the matcher wants its texts; lone surrogates become U+FFFD. A short string of
// ASCII costs no allocation and no pass over it but a copy: Node-API's own conversion to UTF-8 takes twice as long, and
// the one to Latin-1 truncates other letters without a word.
class EventString {
 public:
  // False if the value is no string.
  bool Read(napi_env env, napi_value value);

  std::string_view view() const { return view_; }

 private:
  static constexpr std::size_t kShort = 256;

  bool ReadLong(napi_env env, napi_value value);

  std::array<char16_t, kShort + trigger::kTextPadding> units_;
  std::array<char, kShort + trigger::kTextPadding> short_;
  std::string long_;
  std::string_view view_;
};

}  // namespace ucb::addon
