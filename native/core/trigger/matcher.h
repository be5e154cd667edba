#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/trigger/event_lines.h"
#include "core/trigger/event_text.h"
#include "core/trigger/firing.h"
#include "core/trigger/job_table.h"
#include "core/trigger/owner_memories.h"
#include "core/trigger/padded_text.h"
#include "core/trigger/rule_builder.h"

namespace ucb::trigger {

// What a line of a batch has done: fired something, in the order of results, or something else.
struct BatchEntry {
  // In place of a callback's number: the line is no event, its job has been attached, its job will be detached.
  static constexpr int64_t kMalformed = -1;
  static constexpr int64_t kSubmitted = -2;
  static constexpr int64_t kRemoved = -3;

  int64_t callback;
  uint64_t owner;     // or the job
  std::size_t start;  // of the line, in the batch
  std::size_t end;
};

struct BatchResult {
  std::vector<BatchEntry> entries;
  std::size_t next = 0;    // where the first line begins that was not read
  std::size_t events = 0;  // lines that are events
};

struct MatcherStats {
  uint32_t rules;
  uint32_t terms;
  uint32_t attached_jobs;
  uint32_t memories;  // half-satisfied rules, one per owner and rule
  std::size_t bytes;  // held by tables, texts and memories
};

// Tells which callbacks an event fires, and for which jobs. Job ids are 1 to 2^53-1. One thread at a time; running out
// of memory ends the process.
class Matcher {
 public:
  static constexpr std::ptrdiff_t kMalformed = -1;

  Matcher();

  // Replaces all rules by those of a compiled program (FORMAT.md). Memories of rules with an unchanged key and count of
  // terms survive, attached jobs stay. On an error everything stays as it was; its offset is the word that is wrong.
  Status Load(std::span<const std::byte> program) noexcept;

  // Attaches a job, or updates an attached one. `pid` 0 is no parent, `pgrp` 0 the job's own id.
  void Attach(uint64_t id, uint64_t pid, uint64_t pgrp, std::string_view label) noexcept;
  // Detaches a job and forgets all memories it owns, also if it is not attached.
  void Detach(uint64_t id) noexcept;

  // Matches one event as it travels and returns the count of results, or kMalformed. A `submit-job` event attaches
  // its job, a `removed-job` event detaches it after matching.
  std::ptrdiff_t Match(std::string_view event) noexcept;
  // The same for a text behind which kTextPadding more bytes can be read, without copying it.
  std::ptrdiff_t MatchPadded(std::string_view event) noexcept;
  // The same for a text of up to FreshText::kMost bytes that has just been written; bit i of `dashes` tells whether
  // byte i is one, and bits behind the text count for nothing.
  std::ptrdiff_t MatchFresh(FreshText event, uint32_t dashes) noexcept;

  // Matches lines of bytes, an event each, from the one on that begins at `from`, until `enough` entries have come
  // together or the bytes end. Empty lines are skipped; what is no UTF-8 stands for U+FFFD. Entries of lines that begin
  // or end an attachment are made only with `lifecycle`: the first comes before all that the line fires, the other
  // after.
  void MatchBatch(std::string_view bytes, std::size_t from, std::size_t enough, bool lifecycle,
                  BatchResult& result) noexcept;

  // What the last match fires, by callback and then owner, each pair once. Valid until the next match.
  std::span<const Firing> results() const { return results_.all(); }

  MatcherStats Stats() const noexcept;

  // From now on owners whose memories change are noted: memories that begin, grow, are used up by firing, or go with
  // their owner or their rule.
  void TrackMemories() noexcept { memories_.TrackChanges(); }
  // How many owners have changed since they were last taken.
  std::size_t changed_owners() const { return memories_.changed().ids().size(); }
  // Calls visit(owner, bytes) with all that each changed owner remembers now, nothing if it is nothing (FORMAT.md).
  // The bytes are valid during the visit, which must not use the matcher.
  template <typename Visit>
  void TakeChangedMemories(Visit&& visit) {
    for (const uint64_t owner : memories_.changed().ids()) visit(owner, ExportMemories(jobs_.Find(owner)));
    memories_.changed().Clear();
  }
  // Lets an owner count as changed, if changes are noted.
  void NoteChangedMemories(uint64_t owner) noexcept { memories_.changed().Note(owner); }
  // The same visits for owners that remember something, from `cursor` on, which is 0 at first, until `visit` gives
  // false. Returns where to go on, or 0 after the last one.
  template <typename Visit>
  uint32_t VisitMemories(uint32_t cursor, Visit&& visit) {
    while (cursor < jobs_.end()) {
      const uint32_t job = cursor++;
      if (!jobs_.IsUsed(job) || jobs_.Memories(job) == kNone) continue;
      if (!visit(jobs_.Id(job), ExportMemories(job))) return cursor;
    }
    return 0;
  }
  // Replaces all that a job (0: global events) remembers, be it attached or not; attaching it later changes nothing
  // of that. What belongs to rules that are not loaded is dropped, and the owner then counts as changed. On an error
  // everything stays as it was; its offset is the byte that is wrong.
  Status ImportMemories(uint64_t owner, std::span<const std::byte> bytes) noexcept;
  // The rules the owner has half satisfied, in the order of the program.
  std::vector<HalfSatisfied> Remembered(uint64_t owner) const noexcept;

 private:
  // An event of a batch, looked up as far as possible without knowing what those before it do.
  struct Prepared {
    EventLines::Line line;
    Event event;
    ExtraKey extra;
    const TermList* list;  // null if the line is no event
    uint32_t first_candidate;
    uint32_t candidate_count;
  };

  // How many events are looked up together, so that they wait for memory together.
  static constexpr std::size_t kTogether = 32;

  struct BatchScratch {
    EventLines lines;
    std::array<Prepared, kTogether> prepared;
    std::array<TermIndex::Candidate, kTogether * TermIndex::kMostCandidates> candidates;
  };

  template <typename Text>
  [[gnu::always_inline]] std::ptrdiff_t MatchText(const Text& text, const DashPlaces& dashes);
  void MatchUnusual(const Event& event, const TermList& list);
  template <typename Text>
  [[gnu::always_inline]] void MatchShort(const Text& text, const Event& event, const TermList& list) {
    results_.Reserve(TermList::kMostShort);
    index_.CompareShort(text, event, list, [&](uint32_t callback, bool is_fired) {
      results_.AddIf(Firing{callback, event.job}, is_fired);
    });
    if (results_.size() > 1) SortResults();
  }
  [[gnu::always_inline]] void MatchLooked(const Event& event, const ExtraKey& extra, const TermList& list,
                                          std::span<const TermIndex::Candidate> candidates) {
    index_.Find(event, extra, list, candidates, hits_, [&](uint32_t callback) {
      results_.Add(Firing{callback, event.job});
    });
    if (!hits_.empty()) FireHits(event);
    if (results_.size() > 1) SortResults();
  }
  std::size_t Prepare(BatchScratch& scratch) const;
  void MatchPrepared(const Prepared& prepared, const TermIndex::Candidate* candidates, bool lifecycle,
                     BatchResult& result);
  void FireHits(const Event& event);
  std::span<const std::byte> ExportMemories(uint32_t job);
  void SortResults();
  TermIndex::Label LabelOf(uint64_t id) const;
  std::span<const uint64_t> OwnersOf(ContextShape context, const Event& event);
  void Trim();

  uint64_t seed_;
  uint32_t rule_count_ = 0;
  uint32_t term_count_ = 0;
  TermIndex index_;
  JobTable jobs_;
  OwnerMemories memories_;
  ScratchList<Firing> results_;

  // Kept between matches so that matching allocates nothing.
  std::vector<char> padded_;
  std::vector<std::byte> exported_;
  ScratchList<TermIndex::Hit> hits_;
  ScratchList<uint32_t> own_;
  ScratchList<OwnerMemories::Happening> happenings_;
  std::unique_ptr<BatchScratch> batch_;
  uint64_t event_job_ = 0;
  std::vector<uint64_t> children_;
  std::vector<uint64_t> group_;
  bool has_children_ = false;  // whether the list is of the event at hand
  bool has_group_ = false;
};

}  // namespace ucb::trigger
