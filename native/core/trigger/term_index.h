#pragma once

#include <algorithm>
#include <array>
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

  // Entries of a group that may be what a probe looks for.
  struct Candidate {
    uint64_t place;  // the first of the group's entries, and in the upper half a bit for each from it on that may be it
    const Probe* probe;

    uint32_t first() const { return static_cast<uint32_t>(place); }
    uint32_t mask() const { return static_cast<uint32_t>(place >> 32); }
  };

  // What may have been found for an event: one more than it can have probes.
  static constexpr std::size_t kMostCandidates = std::size_t{3} * kContextShapes * kExtraShapes + 2;

  TermIndex() : TermIndex(TermTables()) {}
  explicit TermIndex(TermTables tables) : tables_(std::move(tables)) {}

  // An event taken apart, and the list it is to be compared with: null if its text is malformed.
  struct Located {
    const TermList* list = nullptr;
    Event event;
  };

  // The text must be padded (kTextPadding).
  template <typename Text>
  [[gnu::always_inline]] Located Locate(const Text& text, const DashPlaces& dashes) const {
    // Name and type are looked up as they stand there: what is found is neither an unknown type nor a global event.
    const std::size_t size = dashes.second;
    if ((size > Head::kShort) | (size >= text.size())) [[unlikely]]
      return LocateUnusual(text.view());
    const TextWords words = LoadStart(text, size);
    const Head& head = tables_.heads[static_cast<std::size_t>(tables_.HashHead(words)) & tables_.head_mask];
    Located located{.list = &head.list, .event = {}};
    if (((words.low ^ head.low) | (words.high ^ head.high) | (size ^ head.size)) != 0) {
      // Where no rule has the name, those of the type are left.
      const bool may_be_elsewhere = (head.list.flags & TermList::kHasDisplaced) != 0;
      const bool may_be_global = dashes.first >= 10;
      if (may_be_elsewhere | may_be_global) [[unlikely]]
        return LocateUnusual(text.view());
      EventType type = EventType::kJob;
      const bool has_type = ParseType(text.Load(dashes.first + 1), size - dashes.first - 1, type);
      if (!has_type | (dashes.first == 0)) [[unlikely]]
        return {};
      located.list = &tables_.other_names[static_cast<std::size_t>(type)];
    }
    located.event.name = {text.view().data(), dashes.first};
    if (!ParseRest(text, dashes, located.event)) [[unlikely]]
      return {};
    return located;
  }

  // `text` is the event's.
  template <typename Text>
  ExtraKey KeyOf(const Text& text, const Event& event) const {
    const std::size_t size = event.extra.size();
    if (size > kShortExtra) return TermTables::LongExtraKey(HashPadded(event.extra, tables_.seed));
    return tables_.ShortExtraKey(KeepFewBytes(LoadExtra(text, event), size), size);
  }

  // Calls fire(callback, whether it is fired) for terms of a short list, in order of their callbacks, of which there
  // may be some that are no terms.
  template <typename Text, typename Fire>
  [[gnu::always_inline]] void CompareShort(const Text& text, const Event& event, const TermList& list,
                                           Fire&& fire) const {
    // A long extra differs from each that a short list has.
    const std::size_t size = std::min(event.extra.size(), kShortExtra + 1);
    const ExtraKey key{.value = KeepFewBytes(LoadExtra(text, event), size), .size = uint64_t{size} << 56, .hash = 0};
    const ShortTerm* term = tables_.short_terms.data() + list.first_fixed;
    for (const ShortTerm* const end = term + list.fixed_count; term != end; term += 2) {
      fire(term[0].callback, term[0].Matches(event.job, key));
      fire(term[1].callback, term[1].Matches(event.job, key));
    }
  }

  // Writes what the probes of a list that is neither unusual nor short may have found and returns how much that is, or
  // kMostCandidates if FindAll must look.
  [[gnu::always_inline]] std::size_t Look(const Event& event, const ExtraKey& extra, const TermList& list,
                                          Candidate* const candidates) const {
    const uint64_t job_hash = tables_.HashJob(event.job);
    const PrintGroup* const groups = tables_.groups.data();
    const std::size_t mask = tables_.group_mask;
    const Probe* probe = tables_.probes.data() + list.first_probe;
    // The loads do not wait for each other, and what nearly all probes come to, nothing, needs no branch.
    Candidate* candidate = candidates;
    uint32_t starts = 0;
    const auto look = [&](uint64_t hash) {
      const PrintGroup& group = groups[hash & mask];
      const uint32_t equal = PrintsEqual(group, PrintOf(hash));
      candidate->place = uint64_t{equal} << 32 | group.start;
      candidate->probe = probe;
      starts |= group.start;
      candidate += equal != 0 ? 1 : 0;
    };
    for (const Probe* const end = probe + list.jobless_count; probe != end; ++probe) look(probe->hash + extra.hash);
    // Most jobs have no entry at all.
    if (tables_.MayHaveJob(job_hash)) {
      for (const Probe* const end = probe + list.job_count; probe != end; ++probe) {
        look(probe->hash + job_hash + (extra.hash & probe->extra_mask));
      }
    }
    if ((starts & PrintGroup::kCrowded) != 0) [[unlikely]]
      return kMostCandidates;
    return static_cast<std::size_t>(candidate - candidates);
  }

  void Prefetch(const Candidate& candidate) const {
    const Entry* const entry = &tables_.entries[candidate.first() + LowestBit(candidate.mask())];
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
        AppendOwn(target, event, hits);
      }
    }
    for (const Candidate& candidate : candidates) {
      const Probe& probe = *candidate.probe;
      const uint64_t context = (event.job & probe.job_mask) | (extra.size & probe.extra_mask);
      const uint64_t key = extra.value & probe.extra_mask;
      const Entry* const entries = tables_.entries.data() + candidate.first();
      uint32_t mask = candidate.mask();
      do {
        const Entry& entry = entries[LowestBit(mask)];
        mask &= mask - 1;
        if (((entry.context ^ context) | (entry.extra ^ key) | (entry.id ^ probe.id)) != 0) continue;
        if ((entry.target & kDirect) != 0) {
          fire(entry.target & ~kDirect);
        } else {
          AppendOwn(entry.target, event, hits);
        }
      } while (mask != 0);
    }
  }

  // Does what Look and Find do, for any list but short ones. `label` is that of the event's job, empty if it has none;
  // it is needed only if the list uses labels. Appends the callbacks that the event fires for its own job to `own`.
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
  // For global events, and others whose name and type are long or stand elsewhere than where they are looked for first.
  Located LocateUnusual(std::string_view text) const;
  // The list of the name and type that a padded text begins with, or null if there is none.
  const TermList* FindHead(std::string_view key) const;
  template <typename Text>
  static uint64_t LoadExtra(const Text& text, const Event& event) {
    return text.Load(static_cast<std::size_t>(event.extra.data() - text.view().data()));
  }
  // Without labels. Given a copy, the event at hand need not be in memory.
  void AppendOwn(std::size_t bucket, Event event, ScratchList<Hit>& hits) const {
    AppendBucket(bucket, event, Label(), hits);
  }
  // Appends the terms of a bucket that the event satisfies; its texts may be others than the event's.
  void AppendBucket(std::size_t bucket, const Event& event, const Label& label, ScratchList<Hit>& hits) const;
  bool NameMatches(uint32_t pattern, const Event& event) const;

  TermTables tables_;
};

}  // namespace ucb::trigger
