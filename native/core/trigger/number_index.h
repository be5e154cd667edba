#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/trigger/chunked_array.h"

namespace ucb::trigger {

// Finds records by hash: an open-addressing table of nothing but record numbers, four bytes a slot. The records know
// their keys; `hash_of(number)` must give the hash that the number was inserted with.
class NumberIndex {
 public:
  // The number for which `equal(number)` holds among those of this hash, or kNone.
  template <typename Equal>
  uint32_t Find(uint64_t hash, Equal&& equal) const {
    if (count_ == 0) return kNone;
    for (std::size_t at = Home(hash);; at = Next(at)) {
      const uint32_t number = slots_[at];
      if (number == kNone || equal(number)) return number;
    }
  }

  // The key must not be in the table yet.
  template <typename HashOf>
  void Insert(uint64_t hash, uint32_t number, HashOf&& hash_of) {
    if ((count_ + 1) * 10 > slots_.size() * 7) Resize(std::max<std::size_t>(16, slots_.size() * 3 / 2), hash_of);
    Place(hash, number);
    ++count_;
  }

  // Puts `replacement`, which has the same key, where `number` is.
  void Replace(uint64_t hash, uint32_t number, uint32_t replacement) { slots_[Locate(hash, number)] = replacement; }

  // `number` must be in the table, and its record as well as all others' must still be readable.
  template <typename HashOf>
  void Erase(uint64_t hash, uint32_t number, HashOf&& hash_of) {
    std::size_t hole = Locate(hash, number);
    // Entries behind the hole move up unless that would put them before their home.
    for (std::size_t at = Next(hole); slots_[at] != kNone; at = Next(at)) {
      const std::size_t home = Home(hash_of(slots_[at]));
      const bool stays = hole < at ? hole < home && home <= at : hole < home || home <= at;
      if (stays) continue;
      slots_[hole] = slots_[at];
      hole = at;
    }
    slots_[hole] = kNone;
    --count_;
    if (slots_.size() > 64 && count_ < slots_.size() / 8) Resize(slots_.size() / 4, hash_of);
  }

  void Clear() {
    std::vector<uint32_t>().swap(slots_);
    count_ = 0;
  }

  // Forgets all and keeps the room for the next ones.
  void Empty() {
    std::fill(slots_.begin(), slots_.end(), kNone);
    count_ = 0;
  }

  std::size_t size() const { return count_; }
  std::size_t bytes() const { return slots_.capacity() * sizeof(uint32_t); }

 private:
  std::size_t Home(uint64_t hash) const { return static_cast<std::size_t>(((hash >> 32) * slots_.size()) >> 32); }
  std::size_t Next(std::size_t at) const { return at + 1 == slots_.size() ? 0 : at + 1; }

  std::size_t Locate(uint64_t hash, uint32_t number) const {
    std::size_t at = Home(hash);
    while (slots_[at] != number) at = Next(at);
    return at;
  }

  void Place(uint64_t hash, uint32_t number) {
    std::size_t at = Home(hash);
    while (slots_[at] != kNone) at = Next(at);
    slots_[at] = number;
  }

  template <typename HashOf>
  void Resize(std::size_t size, HashOf&& hash_of) {
    std::vector<uint32_t> old(size, kNone);
    old.swap(slots_);
    for (const uint32_t number : old) {
      if (number != kNone) Place(hash_of(number), number);
    }
  }

  std::vector<uint32_t> slots_;
  std::size_t count_ = 0;
};

}  // namespace ucb::trigger
