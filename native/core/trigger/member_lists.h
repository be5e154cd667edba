#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/trigger/chunked_array.h"
#include "core/trigger/number_index.h"
#include "core/trigger/text_hash.h"

namespace ucb::trigger {

// Lists of records that share a 64-bit key, such as the jobs of a process group. Holds only numbers: `key_of(number)`
// tells a record's key. The links lie in an array of their own, so that nothing is paid for lists nobody needs.
class MemberLists {
 public:
  // Member `number` of a record array; its key must not change until it is removed.
  template <typename KeyOf>
  void Add(uint32_t number, KeyOf&& key_of) {
    const uint64_t key = key_of(number);
    if (number >= links_.size()) {
      if (number >= links_.capacity()) links_.reserve(std::size_t{number} * 5 / 4 + 16);
      links_.resize(std::size_t{number} + 1);
    }
    const uint32_t head = Head(key, key_of);
    links_[number] = Link{.next = head, .previous = kNone};
    if (head == kNone) {
      heads_.Insert(Mix(key), number, [&](uint32_t other) { return Mix(key_of(other)); });
    } else {
      links_[head].previous = number;
      heads_.Replace(Mix(key), head, number);
    }
  }

  template <typename KeyOf>
  void Remove(uint32_t number, KeyOf&& key_of) {
    const auto [next, previous] = links_[number];
    if (next != kNone) links_[next].previous = previous;
    if (previous != kNone) {
      links_[previous].next = next;
      return;
    }
    const uint64_t hash = Mix(key_of(number));
    if (next != kNone) {
      heads_.Replace(hash, number, next);
    } else {
      heads_.Erase(hash, number, [&](uint32_t other) { return Mix(key_of(other)); });
    }
  }

  // The first member of the key's list, or kNone.
  template <typename KeyOf>
  uint32_t Head(uint64_t key, KeyOf&& key_of) const {
    return heads_.Find(Mix(key), [&](uint32_t number) { return key_of(number) == key; });
  }
  uint32_t Next(uint32_t number) const { return links_[number].next; }

  void Clear() {
    heads_.Clear();
    std::vector<Link>().swap(links_);
  }

  std::size_t bytes() const { return heads_.bytes() + links_.capacity() * sizeof(Link); }

 private:
  struct Link {
    uint32_t next;
    uint32_t previous;
  };

  NumberIndex heads_;  // of the first member of each list
  std::vector<Link> links_;
};

}  // namespace ucb::trigger
