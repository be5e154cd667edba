#include "core/trigger/term_index.h"

#include <bit>

#include "core/trigger/chunked_array.h"

namespace ucb::trigger {
namespace {

bool ImpliesDone(const Event& event) {
  return !IsGlobal(event.type) && (event.name == "complete" || event.name == "killed" || event.name == "failed");
}

}  // namespace

TermIndex::Candidates TermIndex::CandidatesFor(const Event& event) const {
  std::size_t list = tables_.other_names[static_cast<std::size_t>(event.type)];
  if (!tables_.heads.empty()) {
    const uint64_t hash = HashPadded(event.name, tables_.NameSeed(event.type));
    for (std::size_t at = tables_.HeadHome(hash);; at = (at + 1) & (tables_.heads.size() - 1)) {
      const TermTables::Head head = tables_.heads[at];
      if (head.cell == kNone) break;
      if (head.tag != static_cast<uint32_t>(hash)) continue;
      const Cell& cell = tables_.cells[head.cell];
      if (cell.type != event.type || !PaddedEqual(tables_.NameOf(cell), event.name)) continue;
      list = cell.list;
      break;
    }
  }
  const uint32_t* const words = tables_.lists.data() + list;
  return Candidates{.fixed = words + 2,
                    .probes = words + 2 + words[0],
                    .fixed_count = words[0],
                    .probe_count = words[1] & ~kUsesLabels,
                    .uses_labels = (words[1] & kUsesLabels) != 0};
}

void TermIndex::Find(const Event& event, const Candidates& candidates, const Label& label,
                     std::vector<Hit>& hits) const {
  for (uint32_t i = 0; i < candidates.fixed_count; ++i) {
    const std::size_t bucket = candidates.fixed[i];
    const ContextShape context = ContextOf(tables_.words[bucket + 1] & kShapeMask);
    if (context == ContextShape::kLabelPattern && label.text.empty()) continue;
    AppendBucket(bucket, bucket + 2, event, label, hits);
  }
  if (candidates.probe_count == 0) return;
  // First all hashes, and which of them the table may hold: the loads do not wait for each other, and what nearly all
  // probes come to, nothing, needs no branch.
  const Keys keys = KeysOf(event, label);
  std::array<Probe, kMostProbes> probes;
  std::size_t count = 0;
  for (uint32_t i = 0; i < candidates.probe_count; ++i) {
    const uint32_t probe = candidates.probes[i];
    const Shape shape = probe & kShapeMask;
    const uint64_t hash = TermTables::HashBucket(probe, keys.context[shape >> 3], keys.extra[shape & 7]);
    probes[count] = Probe{.hash = hash, .probe = probe};
    count += tables_.MayHold(hash) & (keys.shapes >> shape);
  }
  if (count > 1) {
    for (std::size_t i = 0; i < count; ++i) __builtin_prefetch(&tables_.slots[tables_.Home(probes[i].hash)]);
    for (std::size_t i = 0; i < count; ++i) {
      __builtin_prefetch(&tables_.words[tables_.slots[tables_.Home(probes[i].hash)].bucket]);
    }
  }
  for (std::size_t i = 0; i < count; ++i) FindHashed(probes[i], event, label, hits);
}

TermIndex::Keys TermIndex::KeysOf(const Event& event, const Label& label) const {
  Keys keys;
  keys.context[static_cast<std::size_t>(ContextShape::kJob)] = event.job;
  keys.context[static_cast<std::size_t>(ContextShape::kExactLabel)] = label.hash;
  keys.extra[static_cast<std::size_t>(ExtraShape::kExact)] = HashPadded(event.extra, tables_.seed);
  const uint64_t start = Load64(event.extra.data());
  keys.shapes = ~uint64_t{0};
  for (const ExtraShape shape :
       {ExtraShape::kOneByte, ExtraShape::kTwoBytes, ExtraShape::kFourBytes, ExtraShape::kEightBytes}) {
    const std::size_t length = PrefixLength(shape);
    keys.extra[static_cast<std::size_t>(shape)] = KeepBytes(start, length);
    keys.shapes &= event.extra.size() < length ? ~ShapesOf(shape) : ~uint64_t{0};
  }
  constexpr uint64_t kLabels = ShapesOf(ContextShape::kExactLabel) | ShapesOf(ContextShape::kLabelPattern);
  keys.shapes &= label.text.empty() ? ~kLabels : ~uint64_t{0};
  return keys;
}

void TermIndex::FindHashed(const Probe& probe, const Event& event, const Label& label, std::vector<Hit>& hits) const {
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
                             std::vector<Hit>& hits) const {
  const uint32_t* const words = tables_.words.data();
  const PatternTable& patterns = tables_.patterns;
  const ContextShape context = ContextOf(words[bucket + 1] & kShapeMask);
  if ((words[bucket + 1] & kPlain) != 0) {
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
