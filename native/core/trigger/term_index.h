#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "core/trigger/event_text.h"
#include "core/trigger/scratch.h"
#include "core/trigger/term_layout.h"

namespace ucb::trigger {

// Finds the terms an event satisfies by a few hash probes, however many there are: one for each shape that terms of
// the event's name and type have. What a hash cannot compare, patterns, is compared afterwards.
class TermIndex {
 public:
  // What an event has to be compared with.
  struct Candidates {
    const uint32_t* fixed;
    const uint32_t* probes;
    uint32_t fixed_count;
    uint32_t probe_count;
    bool uses_labels;
    bool uses_prefixes;
  };

  struct Label {
    std::string_view text;
    uint64_t hash = 0;
  };

  // A term that matched, for the owners that its context gives.
  struct Hit {
    ContextShape context;
    uint32_t targets;
  };

  // A place where a term may be found.
  struct Probe {
    uint64_t hash;
    uint32_t probe;
  };

  // One more than an event can have.
  static constexpr std::size_t kMostProbes = std::size_t{3} * kContextShapes * kExtraShapes + 1;

  TermIndex() : TermIndex(TermTables()) {}
  explicit TermIndex(TermTables tables) : tables_(std::move(tables)) {}

  // The event's text must be padded (kTextPadding).
  Candidates CandidatesFor(const Event& event) const {
    const uint32_t* const words = tables_.lists.data() + ListOf(event);
    return Candidates{.fixed = words + 2,
                      .probes = words + 2 + words[0],
                      .fixed_count = words[0],
                      .probe_count = words[1] & ~(kUsesLabels | kUsesPrefixes),
                      .uses_labels = (words[1] & kUsesLabels) != 0,
                      .uses_prefixes = (words[1] & kUsesPrefixes) != 0};
  }

  // Writes the few probes that may find something and returns how many. `label` is that of the event's job, empty if it
  // has none; it is needed only if the candidates use labels.
  std::size_t ProbesFor(const Event& event, const Candidates& candidates, const Label& label, Probe* probes) const {
    if (candidates.uses_labels | candidates.uses_prefixes) return AllProbesFor(event, candidates, label, probes);
    const uint64_t extra = HashPadded(event.extra, tables_.seed);
    const uint64_t* const filter = tables_.filter.data();
    const std::size_t mask = tables_.filter_mask;
    // The loads do not wait for each other, and what nearly all probes come to, nothing, needs no branch.
    std::size_t count = 0;
    for (const uint32_t *at = candidates.probes, *const end = at + candidates.probe_count; at != end; ++at) {
      const Shape shape = *at & kShapeMask;
      const uint64_t by_job = uint64_t{0} - static_cast<uint64_t>(ContextOf(shape) == ContextShape::kJob);
      const uint64_t by_extra = uint64_t{0} - static_cast<uint64_t>(ExtraOf(shape) == ExtraShape::kExact);
      const uint64_t hash = TermTables::HashBucket(*at, event.job & by_job, extra & by_extra);
      probes[count] = Probe{.hash = hash, .probe = *at};
      const uint64_t bits = TermTables::FilterBits(hash);
      const bool may_hold = (filter[(hash >> 12) & mask] & bits) == bits;
      count += static_cast<std::size_t>(may_hold & (shape != kNoProbe));
    }
    return count;
  }
  // To be called for each probe in turn, and then once more for each, before a Find that is to wait for no memory.
  void PrefetchSlot(const Probe& probe) const { __builtin_prefetch(&tables_.slots[tables_.Home(probe.hash)]); }
  void PrefetchBucket(const Probe& probe) const {
    const uint32_t* const bucket = &tables_.words[tables_.slots[tables_.Home(probe.hash)].bucket];
    __builtin_prefetch(bucket);
    __builtin_prefetch(bucket + 6);  // few buckets are longer, many lie across two lines
  }
  // Appends the terms the event satisfies.
  void Find(const Event& event, const Candidates& candidates, std::span<const Probe> probes, const Label& label,
            ScratchList<Hit>& hits) const;

  // Calls fire(callback) or remember(slot, bit) for all targets of a hit.
  template <typename Fire, typename Remember>
  void ForEachTarget(const Hit& hit, Fire&& fire, Remember&& remember) const {
    for (const uint32_t* at = tables_.words.data() + hit.targets;; ++at) {
      const uint32_t word = *at;
      if ((word & kRemembers) != 0) {
        remember(word & kTargetMask, *++at);
      } else {
        fire(word & kTargetMask);
      }
      if ((word & kLastTarget) != 0) return;
    }
  }

  bool uses_parents() const { return tables_.uses_parents; }
  bool uses_labels() const { return tables_.uses_labels; }
  std::size_t bytes() const { return tables_.bytes(); }

 private:
  // Nearly every name stands where it is looked for, or nothing does: no branch depends on which it is.
  uint32_t ListOf(const Event& event) const {
    const TextWords words = LoadPadded(event.name);
    const uint64_t seed = tables_.NameSeed(event.type);
    const uint64_t hash =
        event.name.size() > 16 ? HashLong(event.name, seed) : HashWords(words, event.name.size(), seed);
    const TermTables::Head head = tables_.heads[tables_.HeadHome(hash)];
    const bool is_empty = head.cell == kNone;
    const Cell& cell = tables_.cells[is_empty ? 0 : head.cell];
    const bool is_same = !is_empty & tables_.IsCellOf(cell, event.name, words, event.type);
    if (!(is_same | is_empty)) return CollidingListOf(event, words, hash);
    return is_same ? cell.list : tables_.other_names[static_cast<std::size_t>(event.type)];
  }
  uint32_t CollidingListOf(const Event& event, TextWords name, uint64_t hash) const;
  std::size_t AllProbesFor(const Event& event, const Candidates& candidates, const Label& label, Probe* probes) const;
  void FindHashed(const Probe& probe, const Event& event, const Label& label, ScratchList<Hit>& hits) const;
  // `bucket` is where it starts, `at` where its entries or targets do.
  void AppendBucket(std::size_t bucket, std::size_t at, const Event& event, const Label& label,
                    ScratchList<Hit>& hits) const;
  bool NameMatches(uint32_t pattern, const Event& event) const;

  TermTables tables_;
};

}  // namespace ucb::trigger
