#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/result.h"

// What an owner remembers, as bytes that outlive the process (FORMAT.md).
namespace ucb::trigger {

// One rule that an owner has half satisfied.
struct RuleMemory {
  uint64_t key;
  uint32_t terms;
  std::span<const std::byte> bits;  // one for each term, the lowest bit of the first byte first
};

// Writes the records of one owner behind what the bytes hold already.
class MemoryWriter {
 public:
  explicit MemoryWriter(std::vector<std::byte>& bytes);

  // Records come by key and then by count of terms. `words` are the terms' bits, 64 a word, those past the last term 0.
  void Add(uint64_t key, uint32_t terms, std::span<const uint64_t> words);

 private:
  std::vector<std::byte>& bytes_;
  std::size_t start_;
  uint32_t count_ = 0;
};

// The records; they point into the bytes. The error's offset is the byte that is wrong.
Result<std::vector<RuleMemory>> ParseMemories(std::span<const std::byte> bytes);

}  // namespace ucb::trigger
