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
      MatchPrepared(prepared, scratch.candidates.data() + prepared.first_candidate, lifecycle, result);
      result.next = prepared.line.end;
    }
  }
  scratch.lines.Forget();
}

// Reads the next lines and finds what of them may have to be looked at, and has it fetched from memory.
std::size_t Matcher::Prepare(BatchScratch& scratch) const {
  scratch.lines.Forget();
  std::size_t count = 0;
  std::size_t found = 0;
  for (; count < kTogether; ++count) {
    Prepared& prepared = scratch.prepared[count];
    DashPlaces dashes{};
    if (!scratch.lines.NextShort(prepared.line, dashes)) {
      if (!scratch.lines.Next(prepared.line)) break;
      dashes = DashPlacesOf(prepared.line.text);
    }
    prepared.candidate_count = 0;
    const PaddedText text(prepared.line.text);
    const auto [list, event] = index_.Locate(text, dashes);
    prepared.list = list;
    prepared.event = event;
    // A label may be another one once the events before this one have been matched.
    if (list == nullptr || !list->is_looked_up()) continue;
    prepared.extra = index_.KeyOf(text, event);
    prepared.first_candidate = static_cast<uint32_t>(found);
    const std::size_t some = index_.Look(event, prepared.extra, *list, scratch.candidates.data() + found);
    prepared.candidate_count = static_cast<uint32_t>(some);
    if (some != TermIndex::kMostCandidates) found += some;
  }
  for (std::size_t i = 0; i < found; ++i) index_.Prefetch(scratch.candidates[i]);
  return count;
}

void Matcher::MatchPrepared(const Prepared& prepared, const TermIndex::Candidate* candidates, bool lifecycle,
                            BatchResult& result) {
  const EventLines::Line& line = prepared.line;
  const Event& event = prepared.event;
  const auto add = [&](int64_t callback, uint64_t owner) {
    result.entries.push_back(BatchEntry{.callback = callback, .owner = owner, .start = line.start, .end = line.end});
  };
  if (prepared.list == nullptr) {
    add(BatchEntry::kMalformed, 0);
    return;
  }
  ++result.events;
  const TermList& list = *prepared.list;
  if (list.is_short()) {
    results_.Clear();
    MatchShort(PaddedText(line.text), event, list);
  } else if (list.is_unusual() | (prepared.candidate_count == TermIndex::kMostCandidates)) {
    results_.Clear();
    if (lifecycle && (list.flags & TermList::kSubmits) != 0) add(BatchEntry::kSubmitted, event.job);
    MatchUnusual(event, list);
  } else if ((prepared.candidate_count | list.fixed_count) != 0) {
    results_.Clear();
    MatchLooked(event, prepared.extra, list, {candidates, prepared.candidate_count});
  } else {
    return;
  }
  for (const Firing& firing : results_) add(firing.callback, firing.owner);
  if (lifecycle && (list.flags & TermList::kRemoves) != 0) add(BatchEntry::kRemoved, event.job);
}

}  // namespace ucb::trigger
