#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/trigger/head_table.h"
#include "core/trigger/number_index.h"
#include "core/trigger/pattern_classes.h"
#include "core/trigger/program.h"
#include "core/trigger/term_layout.h"

namespace ucb::trigger {

// What a matching term leads to: a callback, or kRemembers and a slot with the number of a bit.
struct Target {
  uint32_t word;
  uint32_t bit;
  auto operator<=>(const Target&) const = default;  // NOLINT(modernize-use-nullptr)
};

// Lays the terms of a program out for the term index. Terms that are the same share what they lead to.
class TermIndexBuilder {
 public:
  TermIndexBuilder(const Program& program, const PatternClasses& classes, uint64_t seed);

  void Add(const Program::Term& term, Target target);
  // Called once, after the last Add.
  TermTables Build();

 private:
  // A term for one of its types. In order of all fields, those of one bucket and of one entry stand together.
  struct Item {
    uint32_t cell;
    Shape shape;
    uint64_t context;       // job id, or class of the exact label; else 0
    uint64_t extra;         // class of the exact extra, or the prefix; else 0
    uint32_t name_pattern;  // classes of the patterns that remain, kNone where there is none
    uint32_t label_pattern;
    uint32_t extra_pattern;
    Target target;
    auto operator<=>(const Item&) const = default;  // NOLINT(modernize-use-nullptr)
  };

  // What is known of a cell until its list is written.
  struct Draft {
    uint64_t shapes = 0;       // of its hashed buckets, a bit each
    std::size_t fixed_at = 0;  // its fixed buckets, in `fixed_`
    std::size_t fixed_count = 0;
    std::size_t hashed_at = 0;  // its other buckets, in `hashed_`, before those are put in groups
    std::size_t hashed_count = 0;
    uint32_t done = kNone;  // the cell of `done` of this type, where this name implies it
    uint8_t flags = 0;      // of its list
  };

  struct Cell {
    std::string_view name;
    EventType type;
  };

  struct Hashed {
    uint64_t hash;
    Entry entry;
  };

  // Those that an event of one name and type is compared with, kNone where there is none.
  using ListedCells = std::array<uint32_t, 3>;

  static bool SameBucket(const Item& left, const Item& right);
  static bool SameEntry(const Item& left, const Item& right);

  uint32_t CellOf(std::string_view name, EventType type);
  ExtraShape PlaceExtra(uint32_t pattern, Item& item) const;
  ContextShape PlaceLabel(uint32_t pattern, Item& item) const;
  void LinkDone();
  uint32_t FindCell(std::string_view name, EventType type) const;
  std::size_t PlaceBucket(std::size_t first);
  uint32_t WriteBucket(std::size_t first, std::size_t end);
  void WriteEntry(std::size_t first, std::size_t end, bool has_flags, bool last);
  void WriteText(std::string_view text);
  Hashed HashedOf(const Item& item, uint32_t target) const;
  void BuildGroups();
  void BuildLists();
  TermList WriteList(const ListedCells& cells);
  bool WriteShortList(const ListedCells& cells, TermList& list);
  static ShortTerm ShortTermOf(const Entry& entry);
  Probe ProbeFor(uint32_t cell, Shape shape) const;
  uint32_t StoredPattern(uint32_t pattern_class);
  uint64_t HashCell(std::string_view name, EventType type) const {
    return HashText(name, tables_.seed + (static_cast<uint64_t>(type) + 1) * kHashA);
  }

  const Program& program_;
  const PatternClasses& classes_;
  TermTables tables_;
  NumberIndex cell_index_;
  std::vector<Item> items_;
  std::vector<uint32_t> stored_;  // number in the pattern table by class, kNone until it is needed
  std::vector<Cell> cells_;
  std::vector<Draft> drafts_;  // by cell
  std::vector<NamedList> named_lists_;
  std::vector<uint32_t> fixed_;  // fixed buckets by cell
  std::vector<Hashed> hashed_;
  std::size_t job_items_ = 0;  // hashed ones of a job
};

}  // namespace ucb::trigger
