#include "core/trigger/matcher.h"

namespace ucb::trigger {

void Matcher::MatchBatch(std::string_view bytes, std::size_t from, std::size_t enough, bool lifecycle,
                         BatchResult& result) noexcept {
  result.entries.clear();
  result.events = 0;
  if (batch_ == nullptr) batch_ = std::make_unique_for_overwrite<BatchScratch>();
  BatchScratch& scratch = *batch_;
  scratch.lines.Read(bytes, from);
  while (result.entries.size() < enough) {
    result.next = scratch.lines.position();
    const std::size_t count = Prepare(scratch);
    if (count == 0) {
      result.next = bytes.size();
      break;
    }
    for (std::size_t i = 0; i < count && result.entries.size() < enough; ++i) {
      const Prepared& prepared = scratch.prepared[i];
      MatchPrepared(prepared, scratch.probes.data() + prepared.first_probe, lifecycle, result);
      result.next = prepared.line.end;
    }
  }
  scratch.lines.Forget();
}

// Reads the next lines and finds what of them may have to be looked at, and has it fetched from memory.
std::size_t Matcher::Prepare(BatchScratch& scratch) const {
  scratch.lines.Forget();
  std::size_t count = 0;
  std::size_t probes = 0;
  for (; count < kTogether && scratch.lines.Next(scratch.prepared[count].line); ++count) {
    Prepared& prepared = scratch.prepared[count];
    prepared.first_probe = probes;
    prepared.probe_count = 0;
    prepared.is_event = ParseEvent(prepared.line.text, prepared.event);
    if (!prepared.is_event) continue;
    prepared.candidates = index_.CandidatesFor(prepared.event);
    // A label may be another one once the events before this one have been matched.
    if (prepared.candidates.uses_labels) continue;
    prepared.probe_count =
        index_.ProbesFor(prepared.event, prepared.candidates, TermIndex::Label(), scratch.probes.data() + probes);
    probes += prepared.probe_count;
  }
  for (std::size_t i = 0; i < probes; ++i) index_.PrefetchSlot(scratch.probes[i]);
  for (std::size_t i = 0; i < probes; ++i) index_.PrefetchBucket(scratch.probes[i]);
  return count;
}

void Matcher::MatchPrepared(const Prepared& prepared, const TermIndex::Probe* probes, bool lifecycle,
                            BatchResult& result) {
  const EventLines::Line& line = prepared.line;
  const Event& event = prepared.event;
  const auto add = [&](int64_t callback, uint64_t owner) {
    result.entries.push_back(BatchEntry{.callback = callback, .owner = owner, .start = line.start, .end = line.end});
  };
  if (!prepared.is_event) {
    add(BatchEntry::kMalformed, 0);
    return;
  }
  ++result.events;
  const bool submitted = IsSubmission(event);
  const bool removed = IsRemoval(event);
  if (lifecycle && submitted) add(BatchEntry::kSubmitted, event.job);
  if (submitted | removed | prepared.candidates.uses_labels) {
    results_.Clear();
    MatchEvent(event);
  } else if ((prepared.probe_count | prepared.candidates.fixed_count) != 0) {
    results_.Clear();
    Fire(event, prepared.candidates, {probes, prepared.probe_count}, {});
  } else {
    return;
  }
  for (const Firing& firing : results_) add(firing.callback, firing.owner);
  if (lifecycle && removed) add(BatchEntry::kRemoved, event.job);
}

}  // namespace ucb::trigger
