#include "core/trigger/job_table.h"

namespace ucb::trigger {

void JobTable::Index(bool parents, bool groups) {
  children_.Clear();
  followers_.Clear();
  index_parents_ = parents;
  index_groups_ = groups;
  if (!parents && !groups) return;
  for (uint32_t relation = 0; relation < relations_.end(); ++relation) {
    if (relations_[relation].label != kUnused) Link(relation);
  }
}

void JobTable::Attach(uint64_t id, uint64_t pid, uint64_t pgrp, std::string_view label) {
  const uint64_t group = pgrp == 0 ? id : pgrp;
  const uint32_t job = FindOrAdd(id);
  // Acquired before the old one is released, so that the same text is not copied again.
  const uint32_t new_label = label.empty() ? kNone : labels_.Acquire(label);
  RemoveRelation(job);
  if (!IsAttached(job)) ++attached_;
  jobs_[job].id |= kAttached;
  if (pid == 0 && group == id && new_label == kNone) return;
  const uint32_t relation = relations_.Add(Relation{.job = job, .label = new_label, .pid = pid, .pgrp = group});
  jobs_[job].relation = relation;
  Link(relation);
}

void JobTable::Attach(uint64_t id) {
  const uint32_t job = FindOrAdd(id);
  if (IsAttached(job)) return;
  jobs_[job].id |= kAttached;
  ++attached_;
}

void JobTable::Detach(uint32_t job) {
  if (!IsAttached(job)) return;
  RemoveRelation(job);
  jobs_[job].id &= ~kAttached;
  --attached_;
}

uint32_t JobTable::Find(uint64_t id) const {
  return index_.Find(Mix(id), [this, id](uint32_t job) { return Id(job) == id; });
}

uint32_t JobTable::FindOrAdd(uint64_t id) {
  const uint32_t found = Find(id);
  if (found != kNone) return found;
  const uint32_t job = jobs_.Add(Job{.relation = kNone, .memories = kNone, .id = id});
  index_.Insert(Mix(id), job, IdHash());
  return job;
}

void JobTable::Drop(uint32_t job) {
  if (IsAttached(job) || jobs_[job].memories != kNone) return;
  index_.Erase(Mix(Id(job)), job, IdHash());
  jobs_[job].id = kNoJob;
  jobs_.Remove(job);
}

uint32_t JobTable::Label(uint32_t job) const {
  const uint32_t relation = jobs_[job].relation;
  return relation == kNone ? kNone : relations_[relation].label;
}

void JobTable::AppendChildren(uint64_t id, std::vector<uint64_t>& ids) const {
  for (uint32_t at = children_.Head(id, PidOf()); at != kNone; at = children_.Next(at)) {
    ids.push_back(Id(relations_[at].job));
  }
}

void JobTable::AppendGroup(uint32_t job, std::vector<uint64_t>& ids) const {
  const uint64_t group = GroupOf(job);
  if (group != Id(job)) {
    const uint32_t leader = Find(group);
    if (leader != kNone && IsAttached(leader) && GroupOf(leader) == group) ids.push_back(group);
  }
  for (uint32_t at = followers_.Head(group, PgrpOf()); at != kNone; at = followers_.Next(at)) {
    if (relations_[at].job != job) ids.push_back(Id(relations_[at].job));
  }
}

std::size_t JobTable::bytes() const {
  return jobs_.bytes() + index_.bytes() + relations_.bytes() + labels_.bytes() + children_.bytes() + followers_.bytes();
}

uint64_t JobTable::GroupOf(uint32_t job) const {
  const uint32_t relation = jobs_[job].relation;
  return relation == kNone ? Id(job) : relations_[relation].pgrp;
}

void JobTable::Link(uint32_t relation) {
  const Relation& record = relations_[relation];
  if (index_parents_ && record.pid != 0) children_.Add(relation, PidOf());
  if (index_groups_ && IsFollower(record)) followers_.Add(relation, PgrpOf());
}

void JobTable::Unlink(uint32_t relation) {
  const Relation& record = relations_[relation];
  if (index_parents_ && record.pid != 0) children_.Remove(relation, PidOf());
  if (index_groups_ && IsFollower(record)) followers_.Remove(relation, PgrpOf());
}

void JobTable::RemoveRelation(uint32_t job) {
  const uint32_t relation = jobs_[job].relation;
  if (relation == kNone) return;
  Unlink(relation);
  if (relations_[relation].label != kNone) labels_.Release(relations_[relation].label);
  relations_[relation].label = kUnused;
  relations_.Remove(relation);
  jobs_[job].relation = kNone;
}

}  // namespace ucb::trigger
