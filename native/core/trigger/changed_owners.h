#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/trigger/number_index.h"
#include "core/trigger/text_hash.h"

namespace ucb::trigger {

// The jobs whose memories changed since they were last taken, each once, in the order of their first change. Until
// tracking is asked for, notes are dropped.
class ChangedOwners {
 public:
  void Track() { tracks_ = true; }

  void Note(uint64_t owner) {
    if (tracks_) Insert(owner);
  }

  std::span<const uint64_t> ids() const { return ids_; }

  void Clear() {
    constexpr std::size_t kKept = 4096;
    if (ids_.capacity() > kKept) {
      std::vector<uint64_t>().swap(ids_);
      index_.Clear();
    } else {
      ids_.clear();
      index_.Empty();
    }
  }

  std::size_t bytes() const { return ids_.capacity() * sizeof(uint64_t) + index_.bytes(); }

 private:
  void Insert(uint64_t owner) {
    if (index_.Find(Mix(owner), [&](uint32_t number) { return ids_[number] == owner; }) != kNone) return;
    const auto number = static_cast<uint32_t>(ids_.size());
    ids_.push_back(owner);
    index_.Insert(Mix(owner), number, [this](uint32_t other) { return Mix(ids_[other]); });
  }

  bool tracks_ = false;
  std::vector<uint64_t> ids_;
  NumberIndex index_;  // of places in `ids_`
};

}  // namespace ucb::trigger
