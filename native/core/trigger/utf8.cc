#include "core/trigger/utf8.h"

#include <cstddef>

namespace ucb::trigger {
namespace {

struct Letter {
  std::size_t length;  // of the letter, or of what there is of it
  bool is_whole;
};

// The letter that starts at `at`.
Letter LetterAt(std::string_view text, std::size_t at) {
  const auto byte = [text](std::size_t place) { return static_cast<unsigned char>(text[place]); };
  const unsigned char lead = byte(at);
  if (lead < 0x80) return {1, true};
  if (lead < 0xC2 || lead > 0xF4) return {1, false};
  const std::size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  // What the second byte must be, so that the form is the shortest one and the letter one that exists.
  const unsigned char least = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const unsigned char most = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  for (std::size_t i = 1; i < length; ++i) {
    if (at + i == text.size()) return {i, false};
    const unsigned char next = byte(at + i);
    if (next < (i == 1 ? least : 0x80) || next > (i == 1 ? most : 0xBF)) return {i, false};
  }
  return {length, true};
}

}  // namespace

bool IsUtf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const Letter letter = LetterAt(text, at);
    if (!letter.is_whole) return false;
    at += letter.length;
  }
  return true;
}

std::string RepairUtf8(std::string_view text) {
  std::string repaired;
  for (std::size_t at = 0; at < text.size();) {
    const Letter letter = LetterAt(text, at);
    repaired += letter.is_whole ? text.substr(at, letter.length) : std::string_view("\xEF\xBF\xBD");
    at += letter.length;
  }
  return repaired;
}

}  // namespace ucb::trigger
