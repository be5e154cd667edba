#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/result.h"
#include "core/trigger/changed_owners.h"
#include "core/trigger/firing.h"
#include "core/trigger/job_table.h"
#include "core/trigger/memory_table.h"
#include "core/trigger/remembering_rules.h"
#include "core/trigger/scratch.h"

namespace ucb::trigger {

// A rule that an owner has half satisfied: by which of its terms, as the program numbers them within the rule.
struct HalfSatisfied {
  uint32_t callback;
  std::vector<uint32_t> terms;
};

// The rules that remember, and what they have seen happen for each owner. Owners are jobs of the job table, attached
// or not; a job that owns memories has an entry there.
class OwnerMemories {
 public:
  // A term of a rule has happened for an owner.
  struct Happening {
    uint32_t slot;
    uint32_t bit;
    uint64_t owner;
  };

  explicit OwnerMemories(JobTable& jobs) : jobs_(jobs) {}

  // Hands the memories of unchanged rules to the same rules of the next program and frees the others.
  void ReplaceRules(RememberingRules next);

  // Takes in all that one event made happen, reordering it, and appends what becomes true, which is forgotten with it.
  void Remember(std::span<Happening> happenings, ScratchList<Firing>& results);
  // Forgets all that the owner, a number of the job table, remembers.
  void Forget(uint32_t owner);

  // From now on changed owners are noted.
  void TrackChanges() { changed_.Track(); }
  ChangedOwners& changed() { return changed_; }
  const ChangedOwners& changed() const { return changed_; }

  // Appends all that an owner, a number of the job table, remembers; it must be something (FORMAT.md).
  void Export(uint32_t owner, std::vector<std::byte>& bytes);
  // Replaces all that a job remembers. What belongs to rules that do not exist is dropped, and the owner then counts as
  // changed: it no longer remembers what the bytes say.
  Status Import(uint64_t id, std::span<const std::byte> bytes);
  // What an owner, a number of the job table, has half satisfied, in the order of the rules.
  std::vector<HalfSatisfied> Remembered(uint32_t owner) const;

  // Half-satisfied rules, one per owner and rule.
  uint32_t count() const { return count_; }
  void Trim();
  std::size_t bytes() const;

 private:
  void RememberFor(std::span<const Happening> happenings, ScratchList<Firing>& results);
  void Store(uint32_t first, uint32_t owner, uint32_t first_memory);
  void ForgetRule(uint32_t first, uint32_t owner);
  void ReadBits(uint32_t first, uint32_t owner, uint32_t first_memory);
  std::vector<uint32_t> RulesOf(uint32_t owner) const;

  JobTable& jobs_;
  RememberingRules rules_;
  MemoryTable memories_;
  ChangedOwners changed_;
  uint32_t count_ = 0;
  std::vector<uint64_t> bits_;  // of the rule at hand; kept so that remembering allocates nothing
};

}  // namespace ucb::trigger
