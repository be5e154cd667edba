#include "core/trigger/term_index.h"

#include <bit>

#include "core/trigger/chunked_array.h"

namespace ucb::trigger {
namespace {

bool ImpliesDone(const Event& event) {
  return !IsGlobal(event.type) && (event.name == "complete" || event.name == "killed" || event.name == "failed");
}

}  // namespace

TermIndex::Cells TermIndex::CellsOf(const Event& event) const {
  Cells found;
  if (tables_.cells.empty()) return found;
  const auto add = [this, &found](uint32_t cell) {
    if (tables_.cells[cell].shapes == 0 && tables_.cells[cell].fixed == 0) return;
    found.cell[found.count++] = cell;
    found.uses_labels = found.uses_labels || tables_.cells[cell].uses_labels;
  };
  add(static_cast<uint32_t>(event.type));
  if (!tables_.heads.empty()) {
    const uint64_t hash = tables_.HashName(event.name, event.type);
    for (std::size_t at = tables_.HeadHome(hash);; at = (at + 1) & (tables_.heads.size() - 1)) {
      const TermTables::Head head = tables_.heads[at];
      if (head.cell == kNone) break;
      if (head.tag != static_cast<uint32_t>(hash)) continue;
      const Cell& cell = tables_.cells[head.cell];
      if (cell.type != event.type || tables_.NameOf(cell) != event.name) continue;
      add(head.cell);
      if (cell.done != kNone) add(cell.done);
      break;
    }
  }
  return found;
}

void TermIndex::Find(const Event& event, const Cells& cells, const Label& label, std::vector<Hit>& hits) const {
  for (uint32_t i = 0; i < cells.count; ++i) {
    const Cell& cell = tables_.cells[cells.cell[i]];
    for (uint32_t at = cell.fixed; at != 0; at = tables_.words[at]) {
      const Shape shape = tables_.words[at + 1] & kShapeMask;
      if (ContextOf(shape) == ContextShape::kLabelPattern && label.text.empty()) continue;
      AppendEntries(at + 2, cells.cell[i], shape, event, label, hits);
    }
    if (cell.shapes != 0) FindHashed(event, cells.cell[i], label, hits);
  }
}

void TermIndex::FindHashed(const Event& event, uint32_t cell, const Label& label, std::vector<Hit>& hits) const {
  const uint32_t* const words = tables_.words.data();
  uint64_t exact_hash = 0;
  bool has_exact_hash = false;
  for (uint64_t shapes = tables_.cells[cell].shapes; shapes != 0; shapes &= shapes - 1) {
    const auto shape = static_cast<Shape>(std::countr_zero(shapes));
    const ContextShape context = ContextOf(shape);
    uint64_t context_key = 0;
    if (context == ContextShape::kJob) {
      context_key = event.job;
    } else if (context == ContextShape::kExactLabel || context == ContextShape::kLabelPattern) {
      if (label.text.empty()) continue;
      if (context == ContextShape::kExactLabel) context_key = label.hash;
    }
    const ExtraShape extra = ExtraOf(shape);
    uint64_t extra_key = 0;
    if (extra == ExtraShape::kExact) {
      if (!has_exact_hash) exact_hash = tables_.HashExtra(event.extra);
      has_exact_hash = true;
      extra_key = exact_hash;
    } else if (extra != ExtraShape::kNothing) {
      const std::size_t length = PrefixLength(extra);
      if (event.extra.size() < length) continue;
      extra_key = LoadShort(event.extra.data(), length);
    }
    const uint64_t hash = TermTables::HashBucket(cell, shape, context_key, extra_key);
    for (std::size_t at = tables_.Home(hash);; at = at + 1 == tables_.slots.size() ? 0 : at + 1) {
      const TermTables::Slot slot = tables_.slots[at];
      if (slot.bucket == 0) break;
      if (slot.tag != static_cast<uint32_t>(hash)) continue;
      std::size_t word = slot.bucket;
      if (words[word] != cell || (words[word + 1] & kShapeMask) != shape) continue;
      const std::size_t extra_length = words[word + 1] >> kShapeBits;
      word += 2;
      if (context == ContextShape::kJob) {
        if ((words[word] | uint64_t{words[word + 1]} << 32) != event.job) continue;
        word += 2;
      } else if (context == ContextShape::kExactLabel) {
        const std::size_t length = words[word];
        if (tables_.TextAt(word + 1, length) != label.text) continue;
        word += 1 + WordsOf(length);
      }
      if (extra == ExtraShape::kExact) {
        if (tables_.TextAt(word, extra_length) != event.extra) continue;
        word += WordsOf(extra_length);
      }
      // Two buckets of one shape may share a tag and differ in their prefix; their patterns decide, so that walking
      // the wrong one costs time and nothing else.
      AppendEntries(word, cell, shape, event, label, hits);
      if (extra == ExtraShape::kExact || extra == ExtraShape::kNothing) break;
    }
  }
}

void TermIndex::AppendEntries(std::size_t at, uint32_t cell, Shape shape, const Event& event, const Label& label,
                              std::vector<Hit>& hits) const {
  const uint32_t* const words = tables_.words.data();
  const PatternTable& patterns = tables_.patterns;
  const ContextShape context = ContextOf(shape);
  if (!HasEntries(cell, shape)) {
    hits.push_back(Hit{context, static_cast<uint32_t>(at)});
    return;
  }
  while (true) {
    const uint32_t flags = words[at++];
    bool matches = true;
    if ((flags & kHasNamePattern) != 0) matches = NameMatches(words[at++], event);
    if ((flags & kHasLabelPattern) != 0) matches = patterns.Matches(words[at++], label.text) && matches;
    if ((flags & kHasExtraPattern) != 0) matches = patterns.Matches(words[at++], event.extra) && matches;
    if (matches) hits.push_back(Hit{context, static_cast<uint32_t>(at)});
    if ((flags & kLastEntry) != 0) return;
    at += flags >> kEntryFlagBits;
  }
}

bool TermIndex::NameMatches(uint32_t pattern, const Event& event) const {
  return tables_.patterns.Matches(pattern, event.name) ||
         (ImpliesDone(event) && tables_.patterns.Matches(pattern, "done"));
}

}  // namespace ucb::trigger
