#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "core/trigger/byte_scan.h"
#include "core/trigger/event_text.h"
#include "core/trigger/padded_text.h"

namespace ucb::trigger {

// Cuts bytes into lines that end with \n, or \r and \n, or where the bytes end; empty ones are skipped.
class EventLines {
 public:
  struct Line {
    std::string_view text;  // padded, and UTF-8 as a decoder would make it; valid until Forget
    std::size_t start;      // of what the bytes hold of it
    std::size_t end;
  };

  // Starts over, with the line that begins at `from`.
  void Read(std::string_view bytes, std::size_t from);
  // False if there is none any more.
  bool Next(Line& line);
  // The next line with its dashes, if it is short and nothing has to be done to it; otherwise Next must read it.
  [[gnu::always_inline]] bool NextShort(Line& line, DashPlaces& dashes) {
    if (position_ + kScanned + kTextPadding > bytes_.size() || tail_start_ != kNowhere) return false;
    const char* const start = bytes_.data() + position_;
    const uint32_t newline = BytesEqual(start, '\n');
    const uint32_t within = (newline & (~newline + 1)) - 1;
    if ((newline == 0) | ((BytesBeyondAscii(start) & within) != 0)) return false;
    const auto end = LowestBit(newline);
    if (end == 0) return false;
    const std::size_t size = end - (start[end - 1] == '\r' ? 1 : 0);
    if (size == 0) return false;
    line = Line{.text = {start, size}, .start = position_, .end = position_ + size};
    dashes = DashPlacesOf(BytesEqual(start, '-'), size);
    position_ += end + 1;
    return true;
  }
  // Where the next line begins.
  std::size_t position() const { return position_; }
  // Frees what lines had to be copied for; of those read since the last call no text is valid any more.
  void Forget() { repaired_.clear(); }

 private:
  static constexpr std::size_t kNowhere = SIZE_MAX;
  static constexpr std::size_t kScanned = 32;

  // Where the byte at a place is read; what is found within the bytes scanned there has its padding behind it.
  const char* At(std::size_t place) {
    const bool is_far_from_end = place + kScanned + kTextPadding <= bytes_.size();
    if ((tail_start_ == kNowhere) & is_far_from_end) return bytes_.data() + place;
    return InTail(place);
  }
  const char* InTail(std::size_t place);

  std::string_view bytes_;
  std::size_t position_ = 0;
  std::size_t line_start_ = 0;
  // A copy of the end of the bytes, with padding, from the line on that is too near to it; kNowhere before that.
  std::size_t tail_start_ = kNowhere;
  std::vector<char> tail_;
  std::deque<std::string> repaired_;
};

}  // namespace ucb::trigger
