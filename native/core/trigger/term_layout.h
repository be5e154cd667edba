#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/trigger/chunked_array.h"
#include "core/trigger/pattern_table.h"
#include "core/trigger/program.h"
#include "core/trigger/text_hash.h"

// What the term index looks like in memory: written by the builder, read by the index.
//
// Terms of one event name and type make a cell; the names with wildcards of a type make another. Terms of a cell that
// are equal for a hash probe share a bucket. A bucket is a run of words:
//   cell
//   shape | kPlain | length of the exact extra << kLengthShift
//   job id: low, high            if the shape's context is a job id
//   length, text                 if the shape's context is an exact label
//   text                         if the shape's extra is exact
//   then its entries, which differ in their patterns: flags | words of targets << 4, the patterns' numbers, targets.
//   A plain bucket has no patterns and just targets.
// A target is a callback, or kRemembers and a slot with the number of the bit in the next word.
//
// What an event of a name and type has to be compared with is a list: of the cell of its name, of `done` where its name
// implies it, and of names with wildcards. A list is a run of words: the count of fixed buckets, the count of probes
// (with kUsesLabels and kUsesPrefixes), the fixed buckets, and the probes: a cell and a shape each. Probes come in
// twos, at least two: what is missing is kNoProbe, which finds nothing. So the loop over them seldom ends elsewhere
// than the processor expects.
namespace ucb::trigger {

// How a bucket's context is compared.
enum class ContextShape : uint8_t { kSelf, kParent, kJob, kExactLabel, kLabelPattern, kGlobal };

// How much of the extra is part of the hash: all of it, nothing, or what a pattern starts with.
enum class ExtraShape : uint8_t { kExact, kNothing, kOneByte, kTwoBytes, kFourBytes, kEightBytes };

using Shape = uint32_t;
inline constexpr uint32_t kShapeBits = 6;
inline constexpr uint32_t kShapeMask = (1U << kShapeBits) - 1;
inline constexpr uint32_t kPlain = 1U << kShapeBits;
inline constexpr uint32_t kLengthShift = kShapeBits + 1;
inline constexpr uint32_t kUsesLabels = uint32_t{1} << 31;
inline constexpr uint32_t kUsesPrefixes = uint32_t{1} << 30;
inline constexpr uint32_t kNoProbe = kShapeMask;

inline Shape MakeShape(ContextShape context, ExtraShape extra) {
  return static_cast<uint32_t>(context) << 3 | static_cast<uint32_t>(extra);
}
inline ContextShape ContextOf(Shape shape) {
  return static_cast<ContextShape>(shape >> 3);
}
inline ExtraShape ExtraOf(Shape shape) {
  return static_cast<ExtraShape>(shape & 7);
}
// Of the extra shapes from kOneByte on. Such a prefix, as a number, is what is hashed.
inline std::size_t PrefixLength(ExtraShape extra) {
  return std::size_t{1} << (static_cast<unsigned>(extra) - 2);
}

// A cell has at most one bucket of such a shape: it stands in lists and is not hashed.
inline bool IsFixed(Shape shape) {
  const ContextShape context = ContextOf(shape);
  return ExtraOf(shape) == ExtraShape::kNothing && context != ContextShape::kJob &&
         context != ContextShape::kExactLabel;
}

inline constexpr uint32_t kContextShapes = 6;
inline constexpr uint32_t kExtraShapes = 6;
// Shapes of one kind, a bit each: of a context, or (shifted by a context's first bit) of an extra.
inline constexpr uint64_t ShapesOf(ContextShape context) {
  return uint64_t{0xFF} << (8 * static_cast<unsigned>(context));
}
inline constexpr uint64_t ShapesOf(ExtraShape extra) {
  return uint64_t{0x010101010101} << static_cast<unsigned>(extra);
}

// Names with wildcards have a cell per type, the first ones.
inline constexpr uint32_t kWildCells = kEventTypes;

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

struct Cell {
  TextWords name{0, 0};  // its first sixteen bytes
  uint32_t name_at = 0;  // in `names`
  uint32_t name_length = 0;
  EventType type = EventType::kJob;
  uint32_t list = 0;
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
  std::vector<uint32_t> words;  // the buckets; the first word is unused, padding follows the last
  std::vector<Slot> slots;
  std::vector<uint64_t> filter = {0};  // two bits of a word for each hash in `slots`; a power of two
  std::vector<uint32_t> lists = {0, 2, kNoProbe, kNoProbe};  // the first one is empty
  // Lists of events whose name has no cell, by type.
  std::array<uint32_t, kEventTypes> other_names{};
  std::vector<Cell> cells = {Cell()};
  std::string names;
  std::vector<Head> heads = {Head{0, kNone}};  // a power of two
  std::size_t filter_mask = 0;                 // one less than its size
  std::size_t head_mask = 0;                   // likewise
  PatternTable patterns;
  bool uses_parents = false;
  bool uses_labels = false;

  uint64_t HashName(std::string_view name, EventType type) const { return HashText(name, NameSeed(type)); }
  uint64_t NameSeed(EventType type) const { return seed + (static_cast<uint64_t>(type) + 1) * kHashA; }
  // Whether the cell is of this type and name, whose first sixteen bytes are `start`. No branch for short names.
  bool IsCellOf(const Cell& cell, std::string_view name, TextWords start, EventType type) const {
    const uint64_t differs = (cell.name.low ^ start.low) | (cell.name.high ^ start.high) |
                             (cell.name_length ^ name.size()) |
                             (static_cast<uint64_t>(cell.type) ^ static_cast<uint64_t>(type));
    return differs == 0 && (name.size() <= 16 || name == NameOf(cell));
  }
  uint64_t HashLabel(std::string_view label) const { return HashText(label, seed); }
  uint64_t HashExtra(std::string_view extra) const { return HashText(extra, seed); }
  static uint64_t PrefixKey(std::string_view prefix) { return LoadPlain(prefix).low; }
  static uint32_t ProbeOf(uint32_t cell, Shape shape) { return cell << kShapeBits | shape; }
  static uint64_t HashBucket(uint32_t probe, uint64_t context, uint64_t extra) {
    return Mix(context + probe * kHashA, extra);
  }
  std::size_t Home(uint64_t hash) const { return static_cast<std::size_t>(((hash >> 32) * slots.size()) >> 32); }
  static uint64_t FilterBits(uint64_t hash) { return uint64_t{1} << (hash % 64) | uint64_t{1} << (hash / 64 % 64); }
  std::size_t FilterWord(uint64_t hash) const { return static_cast<std::size_t>(hash >> 12) & filter_mask; }
  bool MayHold(uint64_t hash) const {
    const uint64_t bits = FilterBits(hash);
    return (filter[FilterWord(hash)] & bits) == bits;
  }
  std::size_t HeadHome(uint64_t hash) const { return static_cast<std::size_t>(hash >> 32) & head_mask; }
  std::string_view NameOf(const Cell& cell) const {
    return std::string_view(names).substr(cell.name_at, cell.name_length);
  }
  std::string_view TextAt(std::size_t word, std::size_t length) const {
    return {reinterpret_cast<const char*>(words.data() + word), length};
  }
  std::size_t bytes() const {
    return words.capacity() * sizeof(uint32_t) + slots.capacity() * sizeof(Slot) +
           filter.capacity() * sizeof(uint64_t) + lists.capacity() * sizeof(uint32_t) +
           cells.capacity() * sizeof(Cell) + names.capacity() + heads.capacity() * sizeof(Head) + patterns.bytes();
  }
};

}  // namespace ucb::trigger
