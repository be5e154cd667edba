#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/trigger/chunked_array.h"
#include "core/trigger/number_index.h"
#include "core/trigger/text_hash.h"

namespace ucb::trigger {

// The labels of attached jobs, each text kept once and counted.
class LabelTable {
 public:
  explicit LabelTable(uint64_t seed) : seed_(seed) {}
  LabelTable(const LabelTable&) = delete;
  LabelTable& operator=(const LabelTable&) = delete;
  ~LabelTable();

  // The number of the text, used once more. It is not empty.
  uint32_t Acquire(std::string_view text);
  void Release(uint32_t label);

  std::string_view Text(uint32_t label) const { return {labels_[label].text, labels_[label].length}; }
  // HashText of the text with this table's seed.
  uint64_t Hash(uint32_t label) const { return labels_[label].hash; }

  std::size_t bytes() const { return labels_.bytes() + index_.bytes() + text_bytes_; }

 private:
  struct Label {
    uint32_t users;  // overwritten when the record is removed
    uint32_t length;
    uint64_t hash;
    char* text;  // owned; null while the record is unused
  };

  static std::size_t Footprint(std::size_t length);

  uint64_t seed_;
  ChunkedArray<Label> labels_;
  NumberIndex index_;
  std::size_t text_bytes_ = 0;
};

}  // namespace ucb::trigger
