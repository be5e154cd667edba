#pragma once

#include <array>
#include <bit>
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
  struct Label {
    std::string_view text;
    uint64_t hash = 0;
  };

  // A term that matched, for the owners that its context gives.
  struct Hit {
    ContextShape context;
    uint32_t targets;
  };

  // Entries of a group that may be what a probe looks for: those whose bits are set, from the first on.
  struct Candidate {
    const Probe* probe;
    uint32_t first;
    uint32_t mask;
  };

  // What may have been found for an event: one more than it can have probes.
  static constexpr std::size_t kMostCandidates = std::size_t{3} * kContextShapes * kExtraShapes + 2;

  TermIndex() : TermIndex(TermTables()) {}
  explicit TermIndex(TermTables tables) : tables_(std::move(tables)) {}

  // The event's text must be padded (kTextPadding).
  const TermList& ListOf(const Event& event) const {
    const std::size_t size = event.head.size();
    if (size - 1 >= Head::kShort) return UnusualListOf(event);
    const TextWords text = LoadPadded(event.head);
    const Head& head = tables_.heads[static_cast<std::size_t>(tables_.HashHead(text)) & tables_.head_mask];
    const bool is_same = ((text.low ^ head.low) | (text.high ^ head.high) | (size ^ head.size)) == 0;
    if (!is_same && head.has_displaced != 0) return UnusualListOf(event);
    return is_same ? head.list : tables_.other_names[static_cast<std::size_t>(event.type)];
  }

  ExtraKey KeyOf(const Event& event) const {
    const std::size_t size = event.extra.size();
    if (size > kShortExtra) return TermTables::LongExtraKey(HashPadded(event.extra, tables_.seed));
    return tables_.ShortExtraKey(KeepBytes(Load64(event.extra.data()), size), size);
  }

  // Writes what the probes of a list without flags may have found and returns how much that is, or kMostCandidates if
  // FindAll must look.
  [[gnu::always_inline]] std::size_t Look(const Event& event, const ExtraKey& extra, const TermList& list,
                                          Candidate* candidates) const {
    const uint64_t job_hash = tables_.HashJob(event.job);
    const PrintGroup* const groups = tables_.groups.data();
    const std::size_t group_count = tables_.group_count;
    // The loads do not wait for each other, and what nearly all probes come to, nothing, needs no branch.
    std::size_t count = 0;
    uint32_t starts = 0;
    const Probe* probe = tables_.probes.data() + list.first_probe;
    const Probe* const end = probe + list.probe_count;
    const auto look = [&](const Probe& one) {
      const uint64_t hash = one.hash + (job_hash & one.job_mask) + (extra.hash & one.extra_mask);
      const PrintGroup& group = groups[((hash >> 32) * group_count) >> 32];
      const uint32_t mask = PrintsEqual(group, PrintOf(hash));
      candidates[count] = Candidate{.probe = &one, .first = group.start, .mask = mask};
      starts |= group.start;
      count += static_cast<std::size_t>(mask != 0);
    };
    do {
      look(probe[0]);
      look(probe[1]);
      probe += 2;
    } while (probe != end);
    return (starts & PrintGroup::kCrowded) == 0 ? count : kMostCandidates;
  }

  void Prefetch(const Candidate& candidate) const {
    const Entry* const entry =
        &tables_.entries[candidate.first + static_cast<std::size_t>(std::countr_zero(candidate.mask))];
    __builtin_prefetch(entry);
    __builtin_prefetch(&entry->target);  // some lie across two lines
  }

  // Calls fire(callback) for what the event fires for its own job, and appends the other terms it satisfies to `hits`.
  template <typename Fire>
  [[gnu::always_inline]] void Find(const Event& event, const ExtraKey& extra, const TermList& list,
                                   std::span<const Candidate> candidates, ScratchList<Hit>& hits, Fire&& fire) const {
    for (uint32_t i = 0; i < list.fixed_count; ++i) {
      const uint32_t target = tables_.fixed[list.first_fixed + i];
      if ((target & kDirect) != 0) {
        fire(target & ~kDirect);
      } else {
        AppendBucket(target, event, Label(), hits);
      }
    }
    for (const Candidate& candidate : candidates) {
      const Probe& probe = *candidate.probe;
      const uint64_t context = (event.job & probe.job_mask) | (extra.size & probe.extra_mask);
      const uint64_t key = extra.value & probe.extra_mask;
      const Entry* const entries = tables_.entries.data() + candidate.first;
      uint32_t mask = candidate.mask;
      do {
        const Entry& entry = entries[std::countr_zero(mask)];
        mask &= mask - 1;
        if (((entry.context ^ context) | (entry.extra ^ key) | (entry.id ^ probe.id)) != 0) continue;
        if ((entry.target & kDirect) != 0) {
          fire(entry.target & ~kDirect);
        } else {
          AppendBucket(entry.target, event, Label(), hits);
        }
      } while (mask != 0);
    }
  }

  // Does what Look and Find do, for any list. `label` is that of the event's job, empty if it has none; it is needed
  // only if the list uses labels. Appends the callbacks that the event fires for its own job to `own`.
  void FindAll(const Event& event, const TermList& list, const Label& label, ScratchList<Hit>& hits,
               ScratchList<uint32_t>& own) const;

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
  // For events whose name and type are long, stand elsewhere than where they are looked for first, or are global.
  const TermList& UnusualListOf(const Event& event) const;
  // Appends the terms of a bucket that the event satisfies; its texts may be others than the event's.
  void AppendBucket(std::size_t bucket, const Event& event, const Label& label, ScratchList<Hit>& hits) const;
  bool NameMatches(uint32_t pattern, const Event& event) const;

  TermTables tables_;
};

}  // namespace ucb::trigger
