#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

// Lists that are kept between uses so that using them allocates nothing.
namespace ucb::trigger {

// Gives the room back if one use needed much more than others do.
template <typename T>
void TrimScratch(std::vector<T>& scratch) {
  constexpr std::size_t kKept = 16384;
  if (scratch.capacity() > kKept) std::vector<T>().swap(scratch);
}

template <typename T>
std::size_t ScratchBytes(const std::vector<T>& scratch) {
  return scratch.capacity() * sizeof(T);
}

// A list that is emptied by a store: whether the last event left something in it cannot be predicted, and a vector
// asks.
template <typename T>
class ScratchList {
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);

 public:
  void Add(const T& element) {
    if (size_ == room_) [[unlikely]]
      Grow();
    elements_[size_++] = element;
  }
  // The same if `really`; there must be room.
  void AddIf(const T& element, bool really) {
    elements_[size_] = element;
    size_ += really ? 1 : 0;
  }
  // Lets there be room for so many more, and one.
  void Reserve(std::size_t more) {
    while (size_ + more >= room_) [[unlikely]] Grow();
  }
  void Clear() { size_ = 0; }
  // Keeps the first elements.
  void Truncate(std::size_t size) { size_ = size; }

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  T* begin() { return elements_.get(); }
  T* end() { return elements_.get() + size_; }
  const T* begin() const { return elements_.get(); }
  const T* end() const { return elements_.get() + size_; }
  std::span<T> all() { return {elements_.get(), size_}; }
  std::span<const T> all() const { return {elements_.get(), size_}; }

  // Empties the list if it has become very large.
  void Trim() {
    constexpr std::size_t kKept = 16384;
    if (room_ <= kKept) [[likely]]
      return;
    elements_.reset();
    size_ = room_ = 0;
  }
  std::size_t bytes() const { return room_ * sizeof(T); }

 private:
  [[gnu::noinline]] void Grow() {
    const std::size_t room = room_ < 16 ? 16 : room_ * 2;
    auto larger = std::make_unique_for_overwrite<T[]>(room);
    std::copy(begin(), end(), larger.get());
    elements_ = std::move(larger);
    room_ = room;
  }

  std::unique_ptr<T[]> elements_;
  std::size_t size_ = 0;
  std::size_t room_ = 0;
};

}  // namespace ucb::trigger
