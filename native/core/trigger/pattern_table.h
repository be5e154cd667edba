#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/trigger/program.h"

namespace ucb::trigger {

// Texts with wildcards, packed into one array.
class PatternTable {
 public:
  // The pattern must have at least two segments.
  uint32_t Add(const Program& program, uint32_t pattern);

  // Whether a run of any bytes for each `*` makes the pattern equal to the text. Linear in the text's length.
  bool Matches(uint32_t pattern, std::string_view text) const;

  void Shrink() { words_.shrink_to_fit(); }
  std::size_t bytes() const { return words_.capacity() * sizeof(uint32_t); }

 private:
  // A pattern: count of segments, their lengths, and their texts without gaps, padded to a word.
  std::vector<uint32_t> words_;
};

}  // namespace ucb::trigger
