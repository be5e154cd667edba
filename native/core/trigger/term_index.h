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
  // The cells an event has to be looked up in: of its name, of `done`, of names with wildcards.
  struct Cells {
    std::array<uint32_t, 3> cell;
    uint32_t count = 0;
    bool uses_labels = false;
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

  // None for events that no term can match.
  Cells CellsOf(const Event& event) const;

  // Appends the terms the event satisfies. `label` is that of the event's job, empty if it has none; it is needed only
  // if the cells use labels.
  void Find(const Event& event, const Cells& cells, const Label& label, std::vector<Hit>& hits) const;

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
  void FindHashed(const Event& event, uint32_t cell, const Label& label, std::vector<Hit>& hits) const;
  void AppendEntries(std::size_t at, uint32_t cell, Shape shape, const Event& event, const Label& label,
                     std::vector<Hit>& hits) const;
  bool NameMatches(uint32_t pattern, const Event& event) const;

  TermTables tables_;
};

}  // namespace ucb::trigger
