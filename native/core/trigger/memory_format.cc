#include "core/trigger/memory_format.h"

#include <algorithm>
#include <tuple>

namespace ucb::trigger {
namespace {

constexpr uint32_t kMagic = 0x4D424355;
constexpr uint32_t kVersion = 1;
constexpr std::size_t kHeaderBytes = 12;
constexpr std::size_t kRecordBytes = 12;  // in front of the bits

std::size_t BytesOf(uint32_t terms) {
  return (std::size_t{terms} + 7) / 8;
}

void Put(std::vector<std::byte>& bytes, uint64_t number, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) bytes.push_back(static_cast<std::byte>(number >> (8 * i) & 0xFF));
}

uint64_t Get(std::span<const std::byte> bytes, std::size_t at, std::size_t size) {
  uint64_t number = 0;
  for (std::size_t i = 0; i < size; ++i) number |= std::to_integer<uint64_t>(bytes[at + i]) << (8 * i);
  return number;
}

Error Wrong(const char* message, std::size_t at) {
  return Error::Memories(message, at);
}

}  // namespace

MemoryWriter::MemoryWriter(std::vector<std::byte>& bytes) : bytes_(bytes), start_(bytes.size()) {
  Put(bytes_, kMagic, 4);
  Put(bytes_, kVersion, 4);
  Put(bytes_, 0, 4);
}

void MemoryWriter::Add(uint64_t key, uint32_t terms, std::span<const uint64_t> words) {
  Put(bytes_, key, 8);
  Put(bytes_, terms, 4);
  for (std::size_t left = BytesOf(terms), word = 0; left != 0; ++word) {
    const std::size_t size = std::min<std::size_t>(left, 8);
    Put(bytes_, words[word], size);
    left -= size;
  }
  ++count_;
  for (std::size_t i = 0; i < 4; ++i) bytes_[start_ + 8 + i] = static_cast<std::byte>(count_ >> (8 * i) & 0xFF);
}

Result<std::vector<RuleMemory>> ParseMemories(std::span<const std::byte> bytes) {
  if (bytes.size() < kHeaderBytes) return Wrong("the header is cut off", bytes.size());
  if (Get(bytes, 0, 4) != kMagic) return Wrong("these are no memories of a job", 0);
  if (Get(bytes, 4, 4) != kVersion) return Wrong("the version is not known", 4);
  const uint64_t count = Get(bytes, 8, 4);
  std::vector<RuleMemory> records;
  std::size_t at = kHeaderBytes;
  for (uint64_t i = 0; i < count; ++i) {
    if (bytes.size() - at < kRecordBytes) return Wrong("a record is cut off", bytes.size());
    RuleMemory record{.key = Get(bytes, at, 8), .terms = static_cast<uint32_t>(Get(bytes, at + 8, 4)), .bits = {}};
    if (record.terms == 0) return Wrong("a rule has no terms", at + 8);
    if (!records.empty() && std::tie(records.back().key, records.back().terms) > std::tie(record.key, record.terms)) {
      return Wrong("the records are out of order", at);
    }
    at += kRecordBytes;
    const std::size_t size = BytesOf(record.terms);
    if (bytes.size() - at < size) return Wrong("a record is cut off", bytes.size());
    record.bits = bytes.subspan(at, size);
    at += size;
    const auto is_set = [](std::byte byte) { return byte != std::byte{0}; };
    if (std::none_of(record.bits.begin(), record.bits.end(), is_set)) return Wrong("a record holds nothing", at - 1);
    const unsigned used = record.terms % 8;
    if (used != 0 && std::to_integer<unsigned>(record.bits.back()) >> used != 0) {
      return Wrong("a record has more bits than the rule has terms", at - 1);
    }
    records.push_back(record);
  }
  if (at != bytes.size()) return Wrong("something follows the last record", at);
  return records;
}

}  // namespace ucb::trigger
