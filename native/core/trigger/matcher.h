#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/trigger/event_text.h"
#include "core/trigger/job_table.h"
#include "core/trigger/memory_table.h"
#include "core/trigger/padded_text.h"
#include "core/trigger/rule_builder.h"

namespace ucb::trigger {

// One callback to be run for one job.
struct Firing {
  uint32_t callback;
  uint64_t owner;                                   // job id, 0 for global time events
  auto operator<=>(const Firing&) const = default;  // NOLINT(modernize-use-nullptr)
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

  // What the last match fires, by callback and then owner, each pair once. Valid until the next match.
  std::span<const Firing> results() const { return results_; }

  MatcherStats Stats() const noexcept;

 private:
  // A term of a rule that remembers has happened for an owner.
  struct Happening {
    uint32_t slot;
    uint32_t bit;
    uint64_t owner;
  };

  void MatchEvent(const Event& event);
  void SortResults();
  TermIndex::Label LabelOf(uint64_t id) const;
  std::span<const uint64_t> OwnersOf(ContextShape context, const Event& event);
  void Remember();
  void RememberFor(std::span<const Happening> happenings);
  void ForgetRule(uint32_t first, uint32_t owner);
  void ForgetAll(uint32_t owner);
  void MoveMemories(const RememberingRules& next);
  void TrimScratch();

  uint64_t seed_;
  RuleSet rules_;
  JobTable jobs_;
  MemoryTable memories_;
  uint32_t memory_count_ = 0;
  std::vector<Firing> results_;

  // Kept between matches so that matching allocates nothing.
  std::vector<char> padded_;
  std::vector<TermIndex::Hit> hits_;
  std::vector<Happening> happenings_;
  std::vector<uint64_t> bits_;
  uint64_t event_job_ = 0;
  std::vector<uint64_t> children_;
  std::vector<uint64_t> group_;
  bool has_children_ = false;  // whether the list is of the event at hand
  bool has_group_ = false;
};

}  // namespace ucb::trigger
