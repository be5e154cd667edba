#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/trigger/padded_text.h"
#include "core/trigger/pattern_table.h"
#include "core/trigger/print_group.h"
#include "core/trigger/program.h"
#include "core/trigger/text_hash.h"

// What the term index looks like in memory: written by the builder, read by the index.
//
// Terms of one event name and type make a cell; the names with wildcards of a type make another. Terms of a cell that
// are equal for a hash probe share an entry. What an event of a name and type has to be compared with is a list: of the
// cell of its name, of `done` where its name implies it, and of names with wildcards. It has a probe for each shape
// that entries of these cells have, and the targets of those that need no look-up at all.
//
// Entries are kept in groups by their hashes, which an event compares with a byte of each before it looks at any. An
// entry holds all that is compared, unless that is a label or a long extra, and what it leads to: a callback, or a
// bucket. A bucket is a run of words:
//   shape | kPlain
//   length, text                 if the shape's context is an exact label
//   length, text                 if the shape's extra is exact and longer than kShortExtra
//   then its terms, which differ in their patterns: flags | words of targets << 4, the patterns' numbers, targets.
//   A plain bucket has no patterns and just targets.
// A target is a callback, or kRemembers and a slot with the number of the bit in the next word.
namespace ucb::trigger {

// How an entry's context is compared.
enum class ContextShape : uint8_t { kSelf, kParent, kJob, kExactLabel, kLabelPattern, kGlobal };

// How much of the extra is part of the hash: all of it, nothing, or what a pattern starts with.
enum class ExtraShape : uint8_t { kExact, kNothing, kOneByte, kTwoBytes, kFourBytes, kEightBytes };

using Shape = uint32_t;
inline constexpr uint32_t kShapeBits = 6;
inline constexpr uint32_t kShapeMask = (1U << kShapeBits) - 1;
inline constexpr uint32_t kPlain = 1U << kShapeBits;
inline constexpr Shape kNoShape = kShapeMask;

inline constexpr Shape MakeShape(ContextShape context, ExtraShape extra) {
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

// A cell has at most one entry of such a shape: it stands in lists and is not hashed.
inline bool IsFixed(Shape shape) {
  const ContextShape context = ContextOf(shape);
  return ExtraOf(shape) == ExtraShape::kNothing && context != ContextShape::kJob &&
         context != ContextShape::kExactLabel;
}
// Whether a term of this context fires for the event's own job.
inline bool IsOwn(ContextShape context) {
  return context == ContextShape::kSelf || context == ContextShape::kJob || context == ContextShape::kGlobal;
}

inline constexpr uint32_t kContextShapes = 6;
inline constexpr uint32_t kExtraShapes = 6;

// Names with wildcards have a cell per type, the first ones.
inline constexpr uint32_t kWildCells = kEventTypes;

// Flags of a bucket's term.
inline constexpr uint32_t kHasNamePattern = 1;
inline constexpr uint32_t kHasLabelPattern = 2;
inline constexpr uint32_t kHasExtraPattern = 4;
inline constexpr uint32_t kLastEntry = 8;
inline constexpr uint32_t kEntryFlagBits = 4;

// Flags of a target.
inline constexpr uint32_t kRemembers = uint32_t{1} << 31;
inline constexpr uint32_t kLastTarget = uint32_t{1} << 30;
inline constexpr uint32_t kTargetMask = kLastTarget - 1;

// What an entry leads to if it is a callback, fired for the event's own job, and no bucket.
inline constexpr uint32_t kDirect = uint32_t{1} << 31;

inline std::size_t WordsOf(std::size_t bytes) {
  return (bytes + 3) / 4;
}

// An extra of up to so many bytes is compared as a number.
inline constexpr std::size_t kShortExtra = 8;

// An extra as it is hashed and compared.
struct ExtraKey {
  uint64_t value;  // its bytes, or the hash of a long one
  uint64_t size;   // in the highest byte, 255 if it is long
  uint64_t hash;
};

struct Probe {
  // What cell and shape add to the hash.
  uint64_t hash;
  // All ones if the event's job, or its extra, is part of the hash, else 0.
  uint64_t job_mask;
  uint64_t extra_mask;
  uint32_t id;  // cell and shape
};
inline constexpr Probe kNoProbe{.hash = 0, .job_mask = 0, .extra_mask = 0, .id = kNoShape};

struct Entry {
  uint64_t context;  // job id, or hash of the label, else 0; and the size of an exact extra
  uint64_t extra;
  uint32_t id;
  uint32_t target;  // kDirect and a callback, or a bucket
};
// Stands behind the last entry, where bytes of no entry may lead.
inline constexpr Entry kNoEntry{.context = 0, .extra = 0, .id = UINT32_MAX, .target = kDirect};

// A term of a short list: a callback, fired for the event's own job.
struct ShortTerm {
  uint64_t context;  // as in an entry
  uint64_t extra;
  // All ones if the event's job, or its extra, is compared, else 0.
  uint64_t job_mask;
  uint64_t extra_mask;
  uint32_t callback;

  bool Matches(uint64_t job, const ExtraKey& key) const {
    return ((((job & job_mask) | (key.size & extra_mask)) ^ context) | ((key.value & extra_mask) ^ this->extra)) == 0;
  }
};
// No event has a context and no job.
inline constexpr ShortTerm kNoShortTerm{.context = 1, .extra = 0, .job_mask = 0, .extra_mask = 0, .callback = 0};

// What events of a name and type are compared with: entries that are looked up, or, in a short list, each of its terms.
struct TermList {
  // Flags.
  static constexpr uint8_t kUsesLabels = 1;
  static constexpr uint8_t kUsesPrefixes = 2;
  static constexpr uint8_t kSubmits = 4;  // its events attach their jobs
  static constexpr uint8_t kRemoves = 8;  // its events detach them
  static constexpr uint8_t kUnusual = kUsesLabels | kUsesPrefixes | kSubmits | kRemoves;
  // Of a head: another one that belongs there stands behind.
  static constexpr uint8_t kHasDisplaced = 16;
  // It has up to kMostShort terms, none of which leads elsewhere than to a callback, and is not unusual.
  static constexpr uint8_t kShort = 32;
  static constexpr std::size_t kMostShort = 4;

  uint32_t first_fixed = 0;  // or the first of a short list's terms
  uint32_t first_probe = 0;
  uint8_t fixed_count = 0;
  // Probes without a job come first; there are at least two, of which some may find nothing, so that the loop over them
  // seldom ends elsewhere than the processor expects.
  uint8_t jobless_count = 0;
  uint8_t job_count = 0;
  uint8_t flags = kShort;

  bool is_unusual() const { return (flags & kUnusual) != 0; }
  bool is_short() const { return (flags & kShort) != 0; }
  // Whether its terms are found by probes that depend on nothing but the event.
  bool is_looked_up() const { return (flags & (kUnusual | kShort)) == 0; }
};

// Where the list of a name and type is found: by the start of an event's text, `name-type`.
struct alignas(32) Head {
  static constexpr std::size_t kShort = 16;

  uint64_t low = 0;   // the text's bytes, or its hash if it is longer
  uint64_t high = 0;  // or where in `names` it is
  uint32_t size = 0;  // 0 in an empty one
  TermList list;
};

struct TermTables {
  uint64_t seed = 0;
  uint64_t head_seed = 0;
  std::vector<PrintGroup> groups = std::vector<PrintGroup>(2);
  std::size_t group_mask =
      0;  // one less than the count of groups, a power of two; one more ends the last one's entries
  std::vector<Entry> entries = std::vector<Entry>(PrintGroup::kPrints, kNoEntry);
  std::vector<uint64_t> jobs = {0};  // a bit for each job of an entry; a power of two
  std::size_t jobs_mask = 0;         // one less than its size
  std::vector<uint32_t> words;       // the buckets; the first word is unused
  std::vector<Probe> probes;
  std::vector<uint32_t> fixed;
  // In pairs, so that the loop over those of a list seldom ends elsewhere than the processor expects.
  std::vector<ShortTerm> short_terms;
  // Lists of events whose name has none, by type.
  std::array<TermList, kEventTypes> other_names{};
  std::vector<Head> heads = {Head()};  // a power of two
  std::size_t head_mask = 0;           // one less than its size
  std::string names;                   // the long ones
  PatternTable patterns;
  bool uses_parents = false;
  bool uses_labels = false;

  uint64_t HashHead(TextWords text) const { return Fold(text.low ^ head_seed, text.high ^ kHashB); }
  uint64_t HashLabel(std::string_view label) const { return HashText(label, seed); }
  static uint64_t PrefixKey(std::string_view prefix) { return LoadPlain(prefix).low; }
  // Hashes of a context and an extra are added to that of a probe: each has all its bits spread by itself.
  uint64_t HashJob(uint64_t job) const { return Fold(job ^ seed, kHashB); }
  ExtraKey ShortExtraKey(uint64_t value, std::size_t size) const {
    return {.value = value, .size = uint64_t{size} << 56, .hash = Fold(value ^ kHashA, seed ^ size * kHashB)};
  }
  static ExtraKey LongExtraKey(uint64_t hash) { return {.value = hash, .size = uint64_t{255} << 56, .hash = hash}; }
  uint64_t HashPrefix(uint64_t prefix) const { return Fold(prefix ^ kHashA, seed); }
  static uint32_t ProbeId(uint32_t cell, Shape shape) { return cell << kShapeBits | shape; }
  uint64_t HashProbe(uint32_t id) const { return Mix(id, seed); }
  std::size_t GroupOf(uint64_t hash) const { return static_cast<std::size_t>(hash) & group_mask; }
  std::size_t JobWord(uint64_t job_hash) const { return static_cast<std::size_t>(job_hash >> 32) & jobs_mask; }
  // False if no entry has the job.
  bool MayHaveJob(uint64_t job_hash) const { return (jobs[JobWord(job_hash)] >> (job_hash % 64) & 1) != 0; }
  std::string_view TextAt(std::size_t word, std::size_t length) const {
    return {reinterpret_cast<const char*>(words.data() + word), length};
  }
  std::size_t bytes() const {
    return groups.capacity() * sizeof(PrintGroup) + entries.capacity() * sizeof(Entry) +
           jobs.capacity() * sizeof(uint64_t) + words.capacity() * sizeof(uint32_t) +
           probes.capacity() * sizeof(Probe) + fixed.capacity() * sizeof(uint32_t) +
           short_terms.capacity() * sizeof(ShortTerm) + heads.capacity() * sizeof(Head) + names.capacity() +
           patterns.bytes();
  }
};

}  // namespace ucb::trigger
