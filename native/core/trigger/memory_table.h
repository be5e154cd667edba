#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/trigger/chunked_array.h"
#include "core/trigger/number_index.h"
#include "core/trigger/text_hash.h"

namespace ucb::trigger {

// Which terms of a rule have happened for an owner: 64 terms a memory, found by slot (a 64-term part of a rule) and
// owner, and chained per owner so that they all go with it. Owners are numbers of the job table, which keeps each
// owner's first memory.
class MemoryTable {
 public:
  // The memory's number, or kNone.
  uint32_t Find(uint32_t slot, uint32_t owner) const;
  uint64_t& Bits(uint32_t memory) { return memories_[memory].bits; }
  uint64_t Bits(uint32_t memory) const { return memories_[memory].bits; }
  uint32_t Slot(uint32_t memory) const { return memories_[memory].slot; }
  // Of the same owner, or kNone.
  uint32_t Next(uint32_t memory) const { return memories_[memory].next; }

  // There must be none of the same slot and owner. `head` is the owner's first memory.
  void Add(uint32_t slot, uint32_t owner, uint64_t bits, uint32_t& head);
  void Remove(uint32_t memory, uint32_t& head);

  // Gives every memory the slot `renumbered[slot]`; no two slots may get the same number, none of a memory be kNone.
  void Renumber(std::span<const uint32_t> renumbered);

  std::size_t bytes() const { return memories_.bytes() + index_.bytes(); }

 private:
  struct Memory {
    uint32_t next;  // overwritten when the record is removed
    uint32_t previous;
    uint32_t owner;
    uint32_t slot;  // kNone when the record is unused
    uint64_t bits;
  };

  static uint64_t Hash(uint32_t slot, uint32_t owner) { return Mix(slot | uint64_t{owner} << 32); }
  auto HashOf() const {
    return [this](uint32_t memory) { return Hash(memories_[memory].slot, memories_[memory].owner); };
  }

  ChunkedArray<Memory> memories_;
  NumberIndex index_;
};

}  // namespace ucb::trigger
