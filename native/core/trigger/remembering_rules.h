#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <tuple>
#include <vector>

#include "core/trigger/number_index.h"
#include "core/trigger/program.h"

namespace ucb::trigger {

// The rules with an `and`. Each has as many consecutive slots as it needs for its terms, 64 terms a slot; memories
// belong to slots.
class RememberingRules {
 public:
  // Adds a rule of the program and returns its first slot.
  uint32_t Add(const Program& program, uint32_t rule);
  // To be called after the last Add: frees what only adding needs.
  void Finish();

  // The first slot of the rule that a slot is part of.
  uint32_t First(uint32_t slot) const;
  uint32_t SlotCount(uint32_t first) const { return (TermCount(first) + 63) / 64; }
  uint32_t Callback(uint32_t first) const { return rules_[first].callback; }
  // What names a rule from one program to the next: its key and its count of terms.
  uint64_t Key(uint32_t first) const { return rules_[first].key; }
  uint32_t TermCount(uint32_t first) const { return code_[rules_[first].code]; }
  // By name, and in order of the program where names are the same.
  bool IsBefore(uint32_t left, uint32_t right) const {
    return std::tuple(Key(left), TermCount(left), left) < std::tuple(Key(right), TermCount(right), right);
  }
  // The first slots of the rules of a name, in order. An index that only this needs is made at the first call.
  std::span<const uint32_t> Named(uint64_t key, uint32_t terms);
  // Whether the expression holds for the terms whose bits are set, SlotCount words of them.
  bool Holds(uint32_t first, const uint64_t* bits) const;

  // For each slot the same rule's slot in `next`: of equal key and term count, in order where there are several. kNone
  // where there is none.
  std::vector<uint32_t> SlotsIn(const RememberingRules& next) const;

  std::size_t bytes() const;

 private:
  struct Rule {
    uint64_t key;
    uint32_t callback;  // kPart and the distance to the first slot in all slots but the first
    uint32_t code;      // where the rule's count of terms, length of code and code start
  };

  static constexpr uint32_t kPart = uint32_t{1} << 31;

  uint32_t AddCode(const Program& program, const Program::Rule& rule);
  // The first slots of all rules, sorted by IsBefore.
  std::vector<uint32_t> ByName() const;

  std::vector<Rule> rules_;  // by slot
  std::vector<uint32_t> by_name_;
  std::vector<uint32_t> code_;
  NumberIndex code_index_;  // while rules are added: equal code is kept once
};

}  // namespace ucb::trigger
