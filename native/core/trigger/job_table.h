#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/trigger/chunked_array.h"
#include "core/trigger/label_table.h"
#include "core/trigger/member_lists.h"
#include "core/trigger/number_index.h"

namespace ucb::trigger {

// The jobs that are attached or own memories. A job alone in its process group, without parent and label, costs 16
// bytes and its place in the index; the others pay for a relation, and for lists only while rules ask for them.
class JobTable {
 public:
  explicit JobTable(uint64_t seed) : labels_(seed) {}

  // What the rules ask about. Lists of jobs that are attached already are built now.
  void Index(bool parents, bool groups);

  // Attaches a job or updates an attached one. A pgrp of 0 is the job's own id.
  void Attach(uint64_t id, uint64_t pid, uint64_t pgrp, std::string_view label);
  // Attaches a job of which nothing is known; does nothing if it is attached.
  void Attach(uint64_t id);
  // Ends the attachment; the job's entry stays until Drop.
  void Detach(uint32_t job);

  // The job's number, or kNone.
  uint32_t Find(uint64_t id) const;
  // The job's number; it need not be attached.
  uint32_t FindOrAdd(uint64_t id);
  // Frees the entry unless the job is attached or owns memories.
  void Drop(uint32_t job);

  uint64_t Id(uint32_t job) const { return jobs_[job].id & kIdMask; }
  // First memory the job owns, or kNone: the head of a list that the memory table keeps.
  uint32_t& Memories(uint32_t job) { return jobs_[job].memories; }
  uint32_t Memories(uint32_t job) const { return jobs_[job].memories; }
  // The number of the job's label, or kNone if it has none or is not attached.
  uint32_t Label(uint32_t job) const;
  const LabelTable& labels() const { return labels_; }

  // Appends the ids of attached jobs whose pid is `id`. Needs the index of parents.
  void AppendChildren(uint64_t id, std::vector<uint64_t>& ids) const;
  // Appends the ids of all attached jobs of this attached job's process group but itself. Needs the index of groups.
  void AppendGroup(uint32_t job, std::vector<uint64_t>& ids) const;

  // Calls visit(job) for every entry; it may drop that entry.
  template <typename Visit>
  void ForEach(Visit&& visit) {
    for (uint32_t job = 0; job < jobs_.end(); ++job) {
      if (IsUsed(job)) visit(job);
    }
  }

  // One more than the largest number an entry has; numbers below may be unused.
  uint32_t end() const { return jobs_.end(); }
  bool IsUsed(uint32_t job) const { return jobs_[job].id != kNoJob; }

  uint32_t attached() const { return attached_; }
  std::size_t bytes() const;

 private:
  struct Job {
    uint32_t relation;  // overwritten when the record is removed
    uint32_t memories;
    uint64_t id;  // and whether it is attached; kNoJob when the record is unused
  };

  struct Relation {
    uint32_t job;  // overwritten when the record is removed
    uint32_t label;
    uint64_t pid;
    uint64_t pgrp;
  };

  static constexpr uint64_t kAttached = uint64_t{1} << 63;
  static constexpr uint64_t kIdMask = kAttached - 1;
  static constexpr uint64_t kNoJob = kIdMask;     // 0 owns the memories of global events
  static constexpr uint32_t kUnused = kNone - 1;  // the label of a relation that was removed

  bool IsAttached(uint32_t job) const { return (jobs_[job].id & kAttached) != 0; }
  uint64_t GroupOf(uint32_t job) const;
  void Link(uint32_t relation);
  void Unlink(uint32_t relation);
  void RemoveRelation(uint32_t job);

  auto IdHash() const {
    return [this](uint32_t job) { return Mix(Id(job)); };
  }
  auto PidOf() const {
    return [this](uint32_t relation) { return relations_[relation].pid; };
  }
  auto PgrpOf() const {
    return [this](uint32_t relation) { return relations_[relation].pgrp; };
  }
  // The leader of a group, whose id the group has, is found by that and is on no list.
  bool IsFollower(const Relation& relation) const { return relation.pgrp != Id(relation.job); }

  ChunkedArray<Job> jobs_;
  NumberIndex index_;
  ChunkedArray<Relation> relations_;
  LabelTable labels_;
  MemberLists children_;   // by pid
  MemberLists followers_;  // by pgrp
  bool index_parents_ = false;
  bool index_groups_ = false;
  uint32_t attached_ = 0;
};

}  // namespace ucb::trigger
