#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/trigger/pattern_table.h"
#include "core/trigger/program.h"
#include "core/trigger/text_hash.h"

// What the term index looks like in memory: written by the builder, read by the index.
//
// Terms that are equal for a hash probe share a bucket. A bucket is a run of words:
//   cell (or, in a chain of fixed buckets, where the next one is; 0 ends it)
//   shape | length of the exact extra << 6
//   job id: low, high            if the shape's context is a job id
//   length, text                 if the shape's context is an exact label
//   text                         if the shape's extra is exact
//   then its entries, which differ in their patterns: flags | words of targets << 4, the patterns' numbers, targets.
//   A bucket that no pattern can be part of has just targets.
// A target is a callback, or kRemembers and a slot with the number of the bit in the next word.
namespace ucb::trigger {

// How a bucket's context is compared.
enum class ContextShape : uint8_t { kSelf, kParent, kJob, kExactLabel, kLabelPattern, kGlobal };

// How much of the extra is part of the hash: all of it, nothing, or what a pattern starts with.
enum class ExtraShape : uint8_t { kExact, kNothing, kOneByte, kTwoBytes, kFourBytes, kEightBytes };

using Shape = uint32_t;
inline constexpr uint32_t kShapeBits = 6;
inline constexpr uint32_t kShapeMask = (1U << kShapeBits) - 1;

inline Shape MakeShape(ContextShape context, ExtraShape extra) {
  return static_cast<uint32_t>(context) << 3 | static_cast<uint32_t>(extra);
}
inline ContextShape ContextOf(Shape shape) {
  return static_cast<ContextShape>(shape >> 3);
}
inline ExtraShape ExtraOf(Shape shape) {
  return static_cast<ExtraShape>(shape & 7);
}
// Of the extra shapes from kOneByte on.
inline std::size_t PrefixLength(ExtraShape extra) {
  return std::size_t{1} << (static_cast<unsigned>(extra) - 2);
}

// A cell has at most one bucket of such a shape: it is chained to the cell and not hashed.
inline bool IsFixed(Shape shape) {
  const ContextShape context = ContextOf(shape);
  return ExtraOf(shape) == ExtraShape::kNothing && context != ContextShape::kJob &&
         context != ContextShape::kExactLabel;
}

// Names with wildcards have a cell per type, the first ones.
inline constexpr uint32_t kWildCells = kEventTypes;

inline bool HasEntries(uint32_t cell, Shape shape) {
  return cell < kWildCells || ExtraOf(shape) != ExtraShape::kExact || ContextOf(shape) == ContextShape::kLabelPattern;
}

// Flags of an entry.
inline constexpr uint32_t kHasNamePattern = 1;
inline constexpr uint32_t kHasLabelPattern = 2;
inline constexpr uint32_t kHasExtraPattern = 4;
inline constexpr uint32_t kLastEntry = 8;
inline constexpr uint32_t kEntryFlagBits = 4;

// Flags of a target.
inline constexpr uint32_t kRemembers = uint32_t{1} << 31;
inline constexpr uint32_t kLastTarget = uint32_t{1} << 30;
inline constexpr uint32_t kTargetMask = kLastTarget - 1;

inline std::size_t WordsOf(std::size_t bytes) {
  return (bytes + 3) / 4;
}

// All terms of one event name (or of all names with wildcards) and one type.
struct Cell {
  uint64_t shapes = 0;   // of its hashed buckets, a bit each
  uint32_t fixed = 0;    // its first fixed bucket
  uint32_t done;         // the cell of `done` of this type, where this name implies it; else kNone
  uint32_t name_at = 0;  // in `names`
  uint32_t name_length = 0;
  EventType type = EventType::kJob;
  bool uses_labels = false;
};

struct TermTables {
  struct Head {
    uint32_t tag;
    uint32_t cell;  // kNone in an empty one
  };
  struct Slot {
    uint32_t tag;
    uint32_t bucket;  // 0 in an empty one
  };

  uint64_t seed = 0;
  std::vector<uint32_t> words;  // the buckets; the first word is unused
  std::vector<Slot> slots;
  std::vector<Cell> cells;
  std::string names;
  std::vector<Head> heads;  // a power of two, or empty
  PatternTable patterns;
  bool uses_parents = false;
  bool uses_labels = false;

  uint64_t HashName(std::string_view name, EventType type) const {
    return HashText(name, seed + (static_cast<uint64_t>(type) + 1) * kHashA);
  }
  uint64_t HashLabel(std::string_view label) const { return HashText(label, seed); }
  uint64_t HashExtra(std::string_view extra) const { return HashText(extra, seed); }
  static uint64_t HashBucket(uint32_t cell, Shape shape, uint64_t context, uint64_t extra) {
    return Mix(context + (uint64_t{cell} << kShapeBits | shape) * kHashA, extra);
  }
  std::size_t Home(uint64_t hash) const { return static_cast<std::size_t>(((hash >> 32) * slots.size()) >> 32); }
  std::size_t HeadHome(uint64_t hash) const { return static_cast<std::size_t>(hash >> 32) & (heads.size() - 1); }
  std::string_view NameOf(const Cell& cell) const {
    return std::string_view(names).substr(cell.name_at, cell.name_length);
  }
  std::string_view TextAt(std::size_t word, std::size_t length) const {
    return {reinterpret_cast<const char*>(words.data() + word), length};
  }
  std::size_t bytes() const {
    return words.capacity() * sizeof(uint32_t) + slots.capacity() * sizeof(Slot) + cells.capacity() * sizeof(Cell) +
           names.capacity() + heads.capacity() * sizeof(Head) + patterns.bytes();
  }
};

}  // namespace ucb::trigger
