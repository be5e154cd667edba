#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/trigger/program.h"

namespace ucb::trigger {

enum class PatternKind : uint8_t { kExact, kAnything, kWildcards };

// Which patterns of a program have the same text: of each class the first one stands for all.
class PatternClasses {
 public:
  PatternClasses(const Program& program, uint64_t seed);

  uint32_t ClassOf(uint32_t pattern) const { return classes_[pattern]; }
  PatternKind KindOf(uint32_t pattern) const { return kinds_[pattern]; }
  // What every text the pattern matches starts with; all of it if it is exact.
  std::string_view Prefix(uint32_t pattern) const { return program_.Segment(pattern, 0); }

 private:
  bool Same(uint32_t left, uint32_t right) const;
  uint64_t Hash(uint32_t pattern, uint64_t seed) const;

  const Program& program_;
  std::vector<uint32_t> classes_;
  std::vector<PatternKind> kinds_;
};

}  // namespace ucb::trigger
