#include "core/trigger/memory_table.h"

namespace ucb::trigger {

uint32_t MemoryTable::Find(uint32_t slot, uint32_t owner) const {
  return index_.Find(Hash(slot, owner), [this, slot, owner](uint32_t memory) {
    return memories_[memory].slot == slot && memories_[memory].owner == owner;
  });
}

void MemoryTable::Add(uint32_t slot, uint32_t owner, uint64_t bits, uint32_t& head) {
  const uint32_t memory =
      memories_.Add(Memory{.next = head, .previous = kNone, .owner = owner, .slot = slot, .bits = bits});
  if (head != kNone) memories_[head].previous = memory;
  head = memory;
  index_.Insert(Hash(slot, owner), memory, HashOf());
}

void MemoryTable::Remove(uint32_t memory, uint32_t& head) {
  Memory& record = memories_[memory];
  if (record.next != kNone) memories_[record.next].previous = record.previous;
  if (record.previous != kNone) {
    memories_[record.previous].next = record.next;
  } else {
    head = record.next;
  }
  index_.Erase(Hash(record.slot, record.owner), memory, HashOf());
  record.slot = kNone;
  memories_.Remove(memory);
}

void MemoryTable::Renumber(std::span<const uint32_t> renumbered) {
  index_.Clear();
  for (uint32_t memory = 0; memory < memories_.end(); ++memory) {
    Memory& record = memories_[memory];
    if (record.slot == kNone) continue;
    record.slot = renumbered[record.slot];
    index_.Insert(Hash(record.slot, record.owner), memory, HashOf());
  }
}

}  // namespace ucb::trigger
