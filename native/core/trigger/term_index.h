#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "core/trigger/event_text.h"
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

    bool empty() const { return (fixed_count | probe_count) == 0; }
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

  TermIndex() : TermIndex(TermTables()) {}
  explicit TermIndex(TermTables tables) : tables_(std::move(tables)) {}

  // Empty for events that no term can match. The event's text must be padded (kTextPadding).
  Candidates CandidatesFor(const Event& event) const;

  // Appends the terms the event satisfies. `label` is that of the event's job, empty if it has none; it is needed only
  // if the candidates use labels.
  void Find(const Event& event, const Candidates& candidates, const Label& label, std::vector<Hit>& hits) const;

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
  // What the buckets of one event are hashed by, for each shape of a context and of an extra.
  struct Keys {
    std::array<uint64_t, kContextShapes> context{};
    std::array<uint64_t, kExtraShapes> extra{};
    uint64_t shapes = 0;  // that the event can match at all
  };

  struct Probe {
    uint64_t hash;
    uint32_t probe;
  };

  static constexpr std::size_t kMostProbes = std::size_t{3} * kContextShapes * kExtraShapes;

  Keys KeysOf(const Event& event, const Label& label) const;
  void FindHashed(const Probe& probe, const Event& event, const Label& label, std::vector<Hit>& hits) const;
  // `bucket` is where it starts, `at` where its entries or targets do.
  void AppendBucket(std::size_t bucket, std::size_t at, const Event& event, const Label& label,
                    std::vector<Hit>& hits) const;
  bool NameMatches(uint32_t pattern, const Event& event) const;

  TermTables tables_;
};

}  // namespace ucb::trigger
