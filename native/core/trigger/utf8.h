#pragma once

#include <string>
#include <string_view>

namespace ucb::trigger {

// Whether a text is UTF-8 as JavaScript's decoders take it: shortest forms, no surrogates, nothing above U+10FFFF.
bool IsUtf8(std::string_view text);

// The text with U+FFFD in place of what is no UTF-8, as those decoders replace it: once for each longest beginning of a
// letter, or else for each byte.
std::string RepairUtf8(std::string_view text);

}  // namespace ucb::trigger
