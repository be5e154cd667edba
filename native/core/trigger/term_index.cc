#include "core/trigger/term_index.h"

#include <array>
#include <bit>

#include "core/trigger/chunked_array.h"

namespace ucb::trigger {
namespace {

bool ImpliesDone(const Event& event) {
  return !IsGlobal(event.type) && (event.name == "complete" || event.name == "killed" || event.name == "failed");
}

}  // namespace

uint32_t TermIndex::CollidingListOf(const Event& event, TextWords name, uint64_t hash) const {
  for (std::size_t at = tables_.HeadHome(hash);; at = (at + 1) & tables_.head_mask) {
    const TermTables::Head head = tables_.heads[at];
    if (head.cell == kNone) return tables_.other_names[static_cast<std::size_t>(event.type)];
    if (head.tag != static_cast<uint32_t>(hash)) continue;
    const Cell& cell = tables_.cells[head.cell];
    if (tables_.IsCellOf(cell, event.name, name, event.type)) return cell.list;
  }
}

std::size_t TermIndex::AllProbesFor(const Event& event, const Candidates& candidates, const Label& label,
                                    Probe* probes) const {
  // What buckets are hashed by, for each shape of a context and of an extra, and the shapes the event can match at all.
  std::array<uint64_t, 8> contexts{};
  std::array<uint64_t, 8> extras{};
  uint64_t shapes = ~(uint64_t{1} << kNoProbe);
  contexts[static_cast<std::size_t>(ContextShape::kJob)] = event.job;
  extras[static_cast<std::size_t>(ExtraShape::kExact)] = HashPadded(event.extra, tables_.seed);
  if (candidates.uses_labels) {
    constexpr uint64_t kLabels = ShapesOf(ContextShape::kExactLabel) | ShapesOf(ContextShape::kLabelPattern);
    contexts[static_cast<std::size_t>(ContextShape::kExactLabel)] = label.hash;
    if (label.text.empty()) shapes &= ~kLabels;
  }
  if (candidates.uses_prefixes) {
    const uint64_t start = Load64(event.extra.data());
    for (const ExtraShape shape :
         {ExtraShape::kOneByte, ExtraShape::kTwoBytes, ExtraShape::kFourBytes, ExtraShape::kEightBytes}) {
      const std::size_t length = PrefixLength(shape);
      extras[static_cast<std::size_t>(shape)] = KeepBytes(start, length);
      shapes &= ~(ShapesOf(shape) & (uint64_t{0} - static_cast<uint64_t>(event.extra.size() < length)));
    }
  }
  std::size_t count = 0;
  for (uint32_t i = 0; i < candidates.probe_count; ++i) {
    const uint32_t probe = candidates.probes[i];
    const Shape shape = probe & kShapeMask;
    const uint64_t hash = TermTables::HashBucket(probe, contexts[shape >> 3], extras[shape & 7]);
    probes[count] = Probe{.hash = hash, .probe = probe};
    count += static_cast<std::size_t>(tables_.MayHold(hash)) & (shapes >> shape & 1);
  }
  return count;
}

void TermIndex::Find(const Event& event, const Candidates& candidates, std::span<const Probe> probes,
                     const Label& label, ScratchList<Hit>& hits) const {
  for (uint32_t i = 0; i < candidates.fixed_count; ++i) {
    const std::size_t bucket = candidates.fixed[i];
    const ContextShape context = ContextOf(tables_.words[bucket + 1] & kShapeMask);
    if (context == ContextShape::kLabelPattern && label.text.empty()) continue;
    AppendBucket(bucket, bucket + 2, event, label, hits);
  }
  for (const Probe& probe : probes) FindHashed(probe, event, label, hits);
}

void TermIndex::FindHashed(const Probe& probe, const Event& event, const Label& label, ScratchList<Hit>& hits) const {
  const uint32_t* const words = tables_.words.data();
  const Shape shape = probe.probe & kShapeMask;
  const ContextShape context = ContextOf(shape);
  const ExtraShape extra = ExtraOf(shape);
  // One comparison for all shapes, with what a shape does not have masked out, instead of a branch for each.
  const std::size_t length = extra == ExtraShape::kExact ? event.extra.size() : 0;
  const uint64_t header = probe.probe >> kShapeBits | (shape | static_cast<uint64_t>(length) << kLengthShift) << 32;
  const uint64_t job_mask = context == ContextShape::kJob ? ~uint64_t{0} : 0;
  for (std::size_t at = tables_.Home(probe.hash);; at = at + 1 == tables_.slots.size() ? 0 : at + 1) {
    const TermTables::Slot slot = tables_.slots[at];
    if (slot.bucket == 0) return;
    if (slot.tag != static_cast<uint32_t>(probe.hash)) continue;
    const uint64_t found = words[slot.bucket] | uint64_t{words[slot.bucket + 1] & ~kPlain} << 32;
    std::size_t word = std::size_t{slot.bucket} + 2;
    const uint64_t job = words[word] | uint64_t{words[word + 1]} << 32;
    if (((found ^ header) | ((job ^ event.job) & job_mask)) != 0) continue;
    word += job_mask & 2;
    if (context == ContextShape::kExactLabel) {
      const std::size_t label_length = words[word];
      if (tables_.TextAt(word + 1, label_length) != label.text) continue;
      word += 1 + WordsOf(label_length);
    }
    if (!PaddedEqual(tables_.TextAt(word, length), event.extra.substr(0, length))) continue;
    // Two buckets of one shape may share a tag and differ in their prefix; their patterns decide, so that walking
    // the wrong one costs time and nothing else.
    AppendBucket(slot.bucket, word + WordsOf(length), event, label, hits);
    if (extra == ExtraShape::kExact || extra == ExtraShape::kNothing) return;
  }
}

void TermIndex::AppendBucket(std::size_t bucket, std::size_t at, const Event& event, const Label& label,
                             ScratchList<Hit>& hits) const {
  const uint32_t* const words = tables_.words.data();
  const PatternTable& patterns = tables_.patterns;
  const ContextShape context = ContextOf(words[bucket + 1] & kShapeMask);
  if ((words[bucket + 1] & kPlain) != 0) {
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
