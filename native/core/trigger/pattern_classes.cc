#include "core/trigger/pattern_classes.h"

#include "core/trigger/number_index.h"
#include "core/trigger/text_hash.h"

namespace ucb::trigger {

PatternClasses::PatternClasses(const Program& program, uint64_t seed) : program_(program) {
  const uint32_t count = program.pattern_count();
  classes_.resize(count);
  kinds_.resize(count, PatternKind::kExact);
  std::vector<uint64_t> hashes(count);
  NumberIndex first_of_class;
  for (uint32_t pattern = 0; pattern < count; ++pattern) {
    const uint32_t segments = program.SegmentCount(pattern);
    if (segments > 1) {
      bool anything = true;
      for (uint32_t i = 0; i < segments; ++i) anything = anything && program.Segment(pattern, i).empty();
      kinds_[pattern] = anything ? PatternKind::kAnything : PatternKind::kWildcards;
    }
    const uint64_t hash = Hash(pattern, seed);
    hashes[pattern] = hash;
    const uint32_t first =
        first_of_class.Find(hash, [&](uint32_t other) { return hashes[other] == hash && Same(other, pattern); });
    classes_[pattern] = first == kNone ? pattern : first;
    if (first == kNone) first_of_class.Insert(hash, pattern, [&hashes](uint32_t other) { return hashes[other]; });
  }
}

bool PatternClasses::Same(uint32_t left, uint32_t right) const {
  const uint32_t count = program_.SegmentCount(left);
  if (count != program_.SegmentCount(right)) return false;
  for (uint32_t i = 0; i < count; ++i) {
    if (program_.Segment(left, i) != program_.Segment(right, i)) return false;
  }
  return true;
}

uint64_t PatternClasses::Hash(uint32_t pattern, uint64_t seed) const {
  uint64_t hash = seed;
  for (uint32_t i = 0; i < program_.SegmentCount(pattern); ++i) {
    hash = Mix(hash, HashText(program_.Segment(pattern, i), seed));
  }
  return hash;
}

}  // namespace ucb::trigger
