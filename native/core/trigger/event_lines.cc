#include "core/trigger/event_lines.h"

#include <algorithm>
#include <bit>

#include "core/trigger/byte_scan.h"
#include "core/trigger/utf8.h"

namespace ucb::trigger {
void EventLines::Read(std::string_view bytes, std::size_t from) {
  bytes_ = bytes;
  position_ = from;
  tail_start_ = kNowhere;
  repaired_.clear();
}

bool EventLines::Next(Line& line) {
  while (position_ < bytes_.size()) {
    line_start_ = position_;
    std::size_t end = position_;
    uint32_t beyond_ascii = 0;
    uint32_t newline = 0;
    for (;; end += kScanned) {
      const char* const at = At(end);
      newline = BytesEqual(at, '\n');
      const uint32_t within = newline == 0 ? ~uint32_t{0} : (newline & (~newline + 1)) - 1;
      beyond_ascii |= BytesBeyondAscii(at) & within;
      if (newline != 0) break;
    }
    end += static_cast<std::size_t>(std::countr_zero(newline));
    position_ = end + 1;
    // The copy may have been made for this line's end: from here on its start is read from there, too.
    const char* const start = At(line_start_);
    std::size_t size = end - line_start_;
    if (size != 0 && start[size - 1] == '\r') --size;
    if (size == 0) continue;
    line = Line{.text = {start, size}, .start = line_start_, .end = line_start_ + size};
    if (beyond_ascii != 0 && !IsUtf8(line.text)) {
      std::string& repaired = repaired_.emplace_back(RepairUtf8(line.text));
      const std::size_t length = repaired.size();
      repaired.append(kTextPadding, '\0');
      line.text = std::string_view(repaired).substr(0, length);
    }
    return true;
  }
  return false;
}

const char* EventLines::InTail(std::size_t place) {
  if (tail_start_ == kNowhere) {
    tail_start_ = line_start_;
    const std::string_view tail = bytes_.substr(line_start_);
    tail_.assign(tail.size() + kScanned + kTextPadding + 1, '\n');
    std::copy(tail.begin(), tail.end(), tail_.begin());
  }
  return tail_.data() + (place - tail_start_);
}

}  // namespace ucb::trigger
