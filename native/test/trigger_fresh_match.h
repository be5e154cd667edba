#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include "core/trigger/byte_scan.h"
#include "core/trigger/matcher.h"

namespace ucb::trigger::test {

// Matches a text as one that has just been written, with dashes wherever nothing of it is.
inline std::ptrdiff_t MatchFreshly(Matcher& matcher, std::string_view text) {
  std::array<char, FreshText::kRoom> room{};
  room.fill('-');
  std::copy(text.begin(), text.end(), room.begin());
  const auto second = text.substr(std::min<std::size_t>(8, text.size()));
  std::copy(second.begin(), second.end(), room.begin() + FreshText::kSecond + 8);
  return matcher.MatchFresh(FreshText(room.data(), text.size()), BytesEqual(room.data(), '-'));
}

}  // namespace ucb::trigger::test
