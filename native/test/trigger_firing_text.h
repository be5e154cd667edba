#pragma once

#include <string>
#include <string_view>

#include "core/trigger/matcher.h"

namespace ucb::trigger::test {

// Matches an event and writes what it fires as `callback:owner` in the order of the results; "malformed" if it is.
inline std::string Fired(Matcher& matcher, std::string_view event) {
  const std::ptrdiff_t count = matcher.Match(event);
  if (count == Matcher::kMalformed) return "malformed";
  if (count != static_cast<std::ptrdiff_t>(matcher.results().size())) return "count and results differ";
  std::string text;
  for (const Firing& firing : matcher.results()) {
    if (!text.empty()) text += ' ';
    text += std::to_string(firing.callback) + ':' + std::to_string(firing.owner);
  }
  return text;
}

}  // namespace ucb::trigger::test
