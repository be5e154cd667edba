#pragma once

#include <cstddef>
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

}  // namespace ucb::trigger
