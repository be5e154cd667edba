#include "core/trigger/term_index.h"

namespace ucb::trigger {
namespace {

// Global events have no name.
bool ImpliesDone(const Event& event) {
  return event.name == "complete" || event.name == "killed" || event.name == "failed";
}

}  // namespace

TermIndex::Located TermIndex::LocateUnusual(std::string_view text) const {
  const DashPlaces dashes = DashPlacesOf(text);
  TypedEvent event;
  if (!ParseEvent(text, dashes, event)) return {};
  const TermList* const others = &tables_.other_names[static_cast<std::size_t>(event.type)];
  if (IsGlobal(event.type)) return {.list = others, .event = event};
  const TermList* const named = FindHead(text.substr(0, dashes.second));
  return {.list = named == nullptr ? others : named, .event = event};
}

const TermList* TermIndex::FindHead(std::string_view key) const {
  const bool is_short = key.size() <= Head::kShort;
  const TextWords words = LoadPadded(key);
  const uint64_t hash = is_short ? tables_.HashHead(words) : HashLong(key, tables_.head_seed);
  auto at = static_cast<std::size_t>(hash) & tables_.head_mask;
  for (;; at = (at + 1) & tables_.head_mask) {
    const Head& head = tables_.heads[at];
    if (head.size == 0) return nullptr;
    if (head.size != key.size()) continue;
    if (is_short) {
      if (head.low == words.low && head.high == words.high) return &head.list;
    } else if (head.low == hash && std::string_view(tables_.names).substr(head.high, head.size) == key) {
      return &head.list;
    }
  }
}

void TermIndex::FindAll(const Event& event, const TermList& list, const Label& label, ScratchList<Hit>& hits,
                        ScratchList<uint32_t>& own) const {
  const auto take = [&](uint32_t target) {
    if ((target & kDirect) != 0) {
      own.Add(target & ~kDirect);
    } else {
      AppendBucket(target, event, label, hits);
    }
  };
  for (uint32_t i = 0; i < list.fixed_count; ++i) take(tables_.fixed[list.first_fixed + i]);

  const ExtraKey extra = KeyOf(PaddedText(event.extra), event);
  const uint64_t job_hash = tables_.HashJob(event.job);
  const uint64_t start = Load64(event.extra.data());
  for (uint32_t i = 0; i < uint32_t{list.jobless_count} + list.job_count; ++i) {
    const Probe& probe = tables_.probes[list.first_probe + i];
    const Shape shape = probe.id & kShapeMask;
    if (shape == kNoShape) continue;
    uint64_t context = (event.job & probe.job_mask) | (extra.size & probe.extra_mask);
    uint64_t value = extra.value & probe.extra_mask;
    uint64_t hash = probe.hash + (job_hash & probe.job_mask) + (extra.hash & probe.extra_mask);
    if (ContextOf(shape) == ContextShape::kExactLabel) {
      if (label.text.empty()) continue;
      context |= label.hash >> 8;
      hash += label.hash;
    }
    if (ExtraOf(shape) > ExtraShape::kNothing) {
      const std::size_t length = PrefixLength(ExtraOf(shape));
      if (event.extra.size() < length) continue;
      value = KeepBytes(start, length);
      hash += tables_.HashPrefix(value);
    }
    const std::size_t at = tables_.GroupOf(hash);
    const PrintGroup& group = tables_.groups[at];
    const std::size_t first = group.start & ~PrintGroup::kCrowded;
    const auto compare = [&](const Entry& entry) {
      if (entry.context == context && entry.extra == value && entry.id == probe.id) take(entry.target);
    };
    if ((group.start & PrintGroup::kCrowded) != 0) {
      const std::size_t end = tables_.groups[at + 1].start & ~PrintGroup::kCrowded;
      for (std::size_t entry = first; entry < end; ++entry) compare(tables_.entries[entry]);
      continue;
    }
    for (uint32_t mask = PrintsEqual(group, PrintOf(hash)); mask != 0; mask &= mask - 1) {
      compare(tables_.entries[first + LowestBit(mask)]);
    }
  }
}

void TermIndex::AppendBucket(std::size_t bucket, const Event& event, const Label& label, ScratchList<Hit>& hits) const {
  const uint32_t* const words = tables_.words.data();
  const PatternTable& patterns = tables_.patterns;
  const Shape shape = words[bucket] & kShapeMask;
  const ContextShape context = ContextOf(shape);
  std::size_t at = bucket + 1;
  const auto has_text = [&](std::string_view text) {
    const std::size_t length = words[at];
    const bool is_same = tables_.TextAt(at + 1, length) == text;
    at += 1 + WordsOf(length);
    return is_same;
  };
  if (context == ContextShape::kExactLabel && !has_text(label.text)) return;
  if (context == ContextShape::kLabelPattern && label.text.empty()) return;
  if (ExtraOf(shape) == ExtraShape::kExact && event.extra.size() > kShortExtra && !has_text(event.extra)) return;
  if ((words[bucket] & kPlain) != 0) {
    hits.Add(Hit{context, static_cast<uint32_t>(at)});
    return;
  }
  while (true) {
    const uint32_t flags = words[at++];
    bool matches = true;
    if ((flags & kHasNamePattern) != 0) matches = NameMatches(words[at++], event);
    if ((flags & kHasLabelPattern) != 0) matches = patterns.Matches(words[at++], label.text) && matches;
    if ((flags & kHasExtraPattern) != 0) matches = patterns.Matches(words[at++], event.extra) && matches;
    if (matches) hits.Add(Hit{context, static_cast<uint32_t>(at)});
    if ((flags & kLastEntry) != 0) return;
    at += flags >> kEntryFlagBits;
  }
}

bool TermIndex::NameMatches(uint32_t pattern, const Event& event) const {
  return tables_.patterns.Matches(pattern, event.name) ||
         (ImpliesDone(event) && tables_.patterns.Matches(pattern, "done"));
}

}  // namespace ucb::trigger
