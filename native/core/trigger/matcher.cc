#include "core/trigger/matcher.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <tuple>
#include <utility>

#include "core/trigger/program.h"
#include "core/trigger/text_hash.h"

namespace ucb::trigger {
namespace {

// What strangers choose, such as labels, must not be able to collide on purpose: addresses and the clock differ from
// process to process.
uint64_t MakeSeed(const void* address) {
  const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
  return Mix(static_cast<uint64_t>(reinterpret_cast<std::uintptr_t>(address)), static_cast<uint64_t>(now));
}

template <typename T>
void Trim(std::vector<T>& scratch) {
  constexpr std::size_t kKept = 16384;
  if (scratch.capacity() > kKept) std::vector<T>().swap(scratch);
}

template <typename T>
std::size_t BytesOf(const std::vector<T>& scratch) {
  return scratch.capacity() * sizeof(T);
}

}  // namespace

Matcher::Matcher() : seed_(MakeSeed(this)), jobs_(seed_) {}

Status Matcher::Load(std::span<const std::byte> program) noexcept {
  const Result<Program> parsed = Program::Parse(program);
  if (!parsed) return parsed.error();
  RuleSet next = BuildRules(parsed.value(), seed_);
  MoveMemories(next.remembering);
  rules_ = std::move(next);
  jobs_.Index(rules_.index.uses_parents(), rules_.index.uses_labels());
  return Unit{};
}

void Matcher::Attach(uint64_t id, uint64_t pid, uint64_t pgrp, std::string_view label) noexcept {
  jobs_.Attach(id, pid, pgrp, label);
}

void Matcher::Detach(uint64_t id) noexcept {
  const uint32_t job = jobs_.Find(id);
  if (job == kNone) return;
  ForgetAll(job);
  jobs_.Detach(job);
  jobs_.Drop(job);
}

std::ptrdiff_t Matcher::Match(std::string_view text) noexcept {
  padded_.assign(text.size() + kTextPadding, '\0');
  std::copy(text.begin(), text.end(), padded_.begin());
  const std::ptrdiff_t count = MatchPadded({padded_.data(), text.size()});
  Trim(padded_);
  return count;
}

std::ptrdiff_t Matcher::MatchPadded(std::string_view text) noexcept {
  results_.clear();
  Trim(results_);
  Event event;
  if (!ParseEvent(text, event)) return kMalformed;
  const bool of_job = event.type == EventType::kJob;
  if (of_job && event.name == "submit") jobs_.Attach(event.job);
  MatchEvent(event);
  if (of_job && event.name == "removed") Detach(event.job);
  return static_cast<std::ptrdiff_t>(results_.size());
}

MatcherStats Matcher::Stats() const noexcept {
  return MatcherStats{.rules = rules_.rules,
                      .terms = rules_.terms,
                      .attached_jobs = jobs_.attached(),
                      .memories = memory_count_,
                      .bytes = sizeof(*this) + rules_.index.bytes() + rules_.remembering.bytes() + jobs_.bytes() +
                               memories_.bytes() + BytesOf(results_) + BytesOf(hits_) + BytesOf(happenings_) +
                               BytesOf(bits_) + BytesOf(padded_) + BytesOf(children_) + BytesOf(group_)};
}

void Matcher::MatchEvent(const Event& event) {
  const TermIndex& index = rules_.index;
  const TermIndex::Candidates candidates = index.CandidatesFor(event);
  if (candidates.empty()) return;
  hits_.clear();
  index.Find(event, candidates, candidates.uses_labels ? LabelOf(event.job) : TermIndex::Label(), hits_);
  if (hits_.empty()) return;

  has_children_ = has_group_ = false;
  event_job_ = event.job;
  for (const TermIndex::Hit& hit : hits_) {
    const std::span<const uint64_t> owners = OwnersOf(hit.context, event);
    if (owners.empty()) continue;
    index.ForEachTarget(
        hit,
        [&](uint32_t callback) {
          for (const uint64_t owner : owners) results_.push_back(Firing{callback, owner});
        },
        [&](uint32_t slot, uint32_t bit) {
          for (const uint64_t owner : owners) happenings_.push_back(Happening{slot, bit, owner});
        });
  }
  Remember();
  if (results_.size() > 1) SortResults();
  TrimScratch();
}

void Matcher::SortResults() {
  // Strictly ascending, they are in order and each is there once.
  const auto wrong = std::adjacent_find(results_.begin(), results_.end(), std::greater_equal<>());
  if (wrong == results_.end()) return;
  std::sort(results_.begin(), results_.end());
  results_.erase(std::unique(results_.begin(), results_.end()), results_.end());
}

TermIndex::Label Matcher::LabelOf(uint64_t id) const {
  const uint32_t job = jobs_.Find(id);
  if (job == kNone) return {};
  const uint32_t label = jobs_.Label(job);
  if (label == kNone) return {};
  return {.text = jobs_.labels().Text(label), .hash = jobs_.labels().Hash(label)};
}

std::span<const uint64_t> Matcher::OwnersOf(ContextShape context, const Event& event) {
  switch (context) {
    case ContextShape::kParent:
      if (!has_children_) {
        children_.clear();
        jobs_.AppendChildren(event.job, children_);
        has_children_ = true;
      }
      return children_;
    case ContextShape::kExactLabel:
    case ContextShape::kLabelPattern:
      if (!has_group_) {
        group_.clear();
        jobs_.AppendGroup(jobs_.Find(event.job), group_);
        has_group_ = true;
      }
      return group_;
    case ContextShape::kGlobal:
    case ContextShape::kSelf:
    case ContextShape::kJob:
      break;
  }
  return {&event_job_, 1};
}

// All terms an event satisfies have happened before any rule is looked at: a rule that becomes true forgets them all.
void Matcher::Remember() {
  if (happenings_.empty()) return;
  if (happenings_.size() > 1) {
    std::sort(happenings_.begin(), happenings_.end(), [this](const Happening& left, const Happening& right) {
      const uint32_t left_rule = rules_.remembering.First(left.slot);
      const uint32_t right_rule = rules_.remembering.First(right.slot);
      return std::tie(left_rule, left.owner) < std::tie(right_rule, right.owner);
    });
  }
  const std::span<const Happening> all(happenings_);
  for (std::size_t at = 0; at < all.size();) {
    const uint32_t first = rules_.remembering.First(all[at].slot);
    std::size_t end = at + 1;
    while (end < all.size() && all[end].owner == all[at].owner && rules_.remembering.First(all[end].slot) == first) {
      ++end;
    }
    RememberFor(all.subspan(at, end - at));
    at = end;
  }
  happenings_.clear();
}

// `happenings` are of one rule and one owner.
void Matcher::RememberFor(std::span<const Happening> happenings) {
  const RememberingRules& rules = rules_.remembering;
  const uint64_t owner = happenings.front().owner;
  const uint32_t first = rules.First(happenings.front().slot);
  const uint32_t slots = rules.SlotCount(first);
  const uint32_t known_job = jobs_.Find(owner);
  // A rule remembered has a memory of its first slot, even if no bit of it is set.
  const uint32_t first_memory = known_job == kNone ? kNone : memories_.Find(first, known_job);

  bits_.assign(slots, 0);
  for (const Happening& happening : happenings) bits_[happening.slot - first] |= uint64_t{1} << happening.bit;
  if (first_memory != kNone) {
    bits_[0] |= memories_.Bits(first_memory);
    for (uint32_t part = 1; part < slots; ++part) {
      const uint32_t memory = memories_.Find(first + part, known_job);
      if (memory != kNone) bits_[part] |= memories_.Bits(memory);
    }
  }

  if (rules.Holds(first, bits_.data())) {
    results_.push_back(Firing{rules.Callback(first), owner});
    if (first_memory != kNone) ForgetRule(first, known_job);
    return;
  }
  const uint32_t job = known_job == kNone ? jobs_.FindOrAdd(owner) : known_job;
  if (first_memory == kNone) ++memory_count_;
  for (uint32_t part = 0; part < slots; ++part) {
    if (part != 0 && bits_[part] == 0) continue;
    const uint32_t memory = memories_.Find(first + part, job);
    if (memory == kNone) {
      memories_.Add(first + part, job, bits_[part], jobs_.Memories(job));
    } else {
      memories_.Bits(memory) = bits_[part];
    }
  }
}

void Matcher::ForgetRule(uint32_t first, uint32_t owner) {
  for (uint32_t part = 0; part < rules_.remembering.SlotCount(first); ++part) {
    const uint32_t memory = memories_.Find(first + part, owner);
    if (memory != kNone) memories_.Remove(memory, jobs_.Memories(owner));
  }
  --memory_count_;
  jobs_.Drop(owner);
}

void Matcher::ForgetAll(uint32_t owner) {
  for (uint32_t memory = jobs_.Memories(owner); memory != kNone; memory = jobs_.Memories(owner)) {
    const uint32_t slot = memories_.Slot(memory);
    if (rules_.remembering.First(slot) == slot) --memory_count_;
    memories_.Remove(memory, jobs_.Memories(owner));
  }
}

// Frees the memories of rules that are gone and hands the others to the same rules of the next program.
void Matcher::MoveMemories(const RememberingRules& next) {
  const std::vector<uint32_t> slots = rules_.remembering.SlotsIn(next);
  jobs_.ForEach([this, &slots](uint32_t owner) {
    for (uint32_t memory = jobs_.Memories(owner); memory != kNone;) {
      const uint32_t following = memories_.Next(memory);
      const uint32_t slot = memories_.Slot(memory);
      if (slots[slot] == kNone) {
        if (rules_.remembering.First(slot) == slot) --memory_count_;
        memories_.Remove(memory, jobs_.Memories(owner));
      }
      memory = following;
    }
    jobs_.Drop(owner);
  });
  memories_.Renumber(slots);
}

void Matcher::TrimScratch() {
  Trim(hits_);
  Trim(happenings_);
  Trim(bits_);
  Trim(children_);
  Trim(group_);
}

}  // namespace ucb::trigger
