#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <type_traits>
#include <vector>

namespace ucb::trigger {

inline constexpr uint32_t kNone = UINT32_MAX;

// Numbered records that never move, so that growing copies nothing and wastes at most one chunk. Removed records are
// used again; the last one to go takes all chunks but one with it.
template <typename T>
class ChunkedArray {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) >= sizeof(uint32_t));

 public:
  T& operator[](uint32_t number) { return chunks_[number / kChunk][number % kChunk]; }
  const T& operator[](uint32_t number) const { return chunks_[number / kChunk][number % kChunk]; }

  uint32_t Add(const T& record) {
    uint32_t number = free_;
    if (number != kNone) {
      std::memcpy(&free_, &(*this)[number], sizeof(free_));
    } else {
      number = used_++;
      if (number / kChunk == chunks_.size()) chunks_.push_back(std::make_unique_for_overwrite<T[]>(kChunk));
    }
    (*this)[number] = record;
    ++live_;
    return number;
  }

  // Overwrites the first four bytes of the record; the rest stays as it is until the number is used again.
  void Remove(uint32_t number) {
    std::memcpy(static_cast<void*>(&(*this)[number]), &free_, sizeof(free_));
    free_ = number;
    if (--live_ == 0) {
      free_ = kNone;
      used_ = 0;
      if (chunks_.size() > 1) {
        chunks_.resize(1);
        chunks_.shrink_to_fit();
      }
    }
  }

  // One more than the largest number in use.
  uint32_t end() const { return used_; }
  uint32_t size() const { return live_; }
  std::size_t bytes() const {
    return chunks_.size() * kChunk * sizeof(T) + chunks_.capacity() * sizeof(std::unique_ptr<T[]>);
  }

 private:
  static constexpr uint32_t kChunk = 512;

  std::vector<std::unique_ptr<T[]>> chunks_;
  uint32_t used_ = 0;
  uint32_t live_ = 0;
  uint32_t free_ = kNone;  // its first four bytes hold the next one's number
};

}  // namespace ucb::trigger
