#include "core/trigger/label_table.h"

#include <cstring>

namespace ucb::trigger {

LabelTable::~LabelTable() {
  for (uint32_t label = 0; label < labels_.end(); ++label) delete[] labels_[label].text;
}

uint32_t LabelTable::Acquire(std::string_view text) {
  const uint64_t hash = HashText(text, seed_);
  const uint32_t found = index_.Find(hash, [&](uint32_t label) { return Hash(label) == hash && Text(label) == text; });
  if (found != kNone) {
    ++labels_[found].users;
    return found;
  }
  char* copy = new char[text.size()];
  std::memcpy(copy, text.data(), text.size());
  text_bytes_ += Footprint(text.size());
  const uint32_t label =
      labels_.Add(Label{.users = 1, .length = static_cast<uint32_t>(text.size()), .hash = hash, .text = copy});
  index_.Insert(hash, label, [this](uint32_t other) { return Hash(other); });
  return label;
}

void LabelTable::Release(uint32_t label) {
  Label& record = labels_[label];
  if (--record.users != 0) return;
  index_.Erase(record.hash, label, [this](uint32_t other) { return Hash(other); });
  text_bytes_ -= Footprint(record.length);
  delete[] record.text;
  record.text = nullptr;
  labels_.Remove(label);
}

// What the allocator takes for a text: a word of its own, in steps of two words.
std::size_t LabelTable::Footprint(std::size_t length) {
  return (length + 8 + 15) / 16 * 16;
}

}  // namespace ucb::trigger
