#include "core/trigger/pattern_table.h"

#include <cstring>

namespace ucb::trigger {

uint32_t PatternTable::Add(const Program& program, uint32_t pattern) {
  const auto at = static_cast<uint32_t>(words_.size());
  const uint32_t count = program.SegmentCount(pattern);
  std::size_t length = 0;
  words_.push_back(count);
  for (uint32_t i = 0; i < count; ++i) {
    const std::string_view segment = program.Segment(pattern, i);
    words_.push_back(static_cast<uint32_t>(segment.size()));
    length += segment.size();
  }
  const std::size_t text_at = words_.size();
  words_.resize(text_at + (length + 3) / 4);
  char* text = reinterpret_cast<char*>(words_.data() + text_at);
  for (uint32_t i = 0; i < count; ++i) {
    const std::string_view segment = program.Segment(pattern, i);
    if (!segment.empty()) std::memcpy(text, segment.data(), segment.size());
    text += segment.size();
  }
  return at;
}

bool PatternTable::Matches(uint32_t pattern, std::string_view text) const {
  const uint32_t count = words_[pattern];
  const uint32_t* lengths = words_.data() + pattern + 1;
  const char* next = reinterpret_cast<const char*>(lengths + count);
  const auto take = [&next](uint32_t length) {
    const std::string_view segment(next, length);
    next += length;
    return segment;
  };

  const std::string_view first = take(lengths[0]);
  if (!text.starts_with(first)) return false;
  text.remove_prefix(first.size());
  // What the last segment needs is out of reach for those in the middle, which take the leftmost place they can.
  const uint32_t last_length = lengths[count - 1];
  if (text.size() < last_length) return false;
  const std::string_view tail = text.substr(text.size() - last_length);
  text.remove_suffix(last_length);
  for (uint32_t i = 1; i + 1 < count; ++i) {
    const std::string_view segment = take(lengths[i]);
    if (segment.empty()) continue;
    // memmem stays linear where string_view::find does not.
    const void* found = text.empty() ? nullptr : ::memmem(text.data(), text.size(), segment.data(), segment.size());
    if (found == nullptr) return false;
    const auto skipped = static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
    text.remove_prefix(skipped + segment.size());
  }
  return take(last_length) == tail;
}

}  // namespace ucb::trigger
