#include "core/trigger/matcher.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <utility>

#include "core/trigger/program.h"
#include "core/trigger/scratch.h"
#include "core/trigger/text_hash.h"

namespace ucb::trigger {
namespace {

// What strangers choose, such as labels, must not be able to collide on purpose: addresses and the clock differ from
// process to process.
uint64_t MakeSeed(const void* address) {
  const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
  return Mix(static_cast<uint64_t>(reinterpret_cast<std::uintptr_t>(address)), static_cast<uint64_t>(now));
}

}  // namespace

Matcher::Matcher() : seed_(MakeSeed(this)), jobs_(seed_), memories_(jobs_) {}

Status Matcher::Load(std::span<const std::byte> program) noexcept {
  const Result<Program> parsed = Program::Parse(program);
  if (!parsed) return parsed.error();
  RuleSet next = BuildRules(parsed.value(), seed_);
  rule_count_ = next.rules;
  term_count_ = next.terms;
  index_ = std::move(next.index);
  memories_.ReplaceRules(std::move(next.remembering));
  jobs_.Index(index_.uses_parents(), index_.uses_labels());
  return Unit{};
}

void Matcher::Attach(uint64_t id, uint64_t pid, uint64_t pgrp, std::string_view label) noexcept {
  jobs_.Attach(id, pid, pgrp, label);
}

void Matcher::Detach(uint64_t id) noexcept {
  const uint32_t job = jobs_.Find(id);
  if (job == kNone) return;
  memories_.Forget(job);
  jobs_.Detach(job);
  jobs_.Drop(job);
}

std::ptrdiff_t Matcher::Match(std::string_view text) noexcept {
  padded_.assign(text.size() + kTextPadding, '\0');
  std::copy(text.begin(), text.end(), padded_.begin());
  const std::ptrdiff_t count = MatchPadded({padded_.data(), text.size()});
  TrimScratch(padded_);
  return count;
}

template <typename Text>
inline std::ptrdiff_t Matcher::MatchText(const Text& text, const DashPlaces& dashes) {
  results_.Clear();
  results_.Trim();
  const auto [list, event] = index_.Locate(text, dashes);
  if (list == nullptr) [[unlikely]]
    return kMalformed;
  if (list->is_short()) {
    MatchShort(text, event, *list);
  } else if (list->is_unusual()) {
    MatchUnusual(event, *list);
  } else {
    const ExtraKey extra = index_.KeyOf(text, event);
    std::array<TermIndex::Candidate, TermIndex::kMostCandidates> candidates;
    const std::size_t count = index_.Look(event, extra, *list, candidates.data());
    if (count == TermIndex::kMostCandidates) {
      MatchUnusual(event, *list);
    } else if ((count | list->fixed_count) != 0) {
      MatchLooked(event, extra, *list, std::span(candidates).first(count));
    }
  }
  return static_cast<std::ptrdiff_t>(results_.size());
}

std::ptrdiff_t Matcher::MatchPadded(std::string_view text) noexcept {
  return MatchText(PaddedText(text), DashPlacesOf(text));
}

std::ptrdiff_t Matcher::MatchFresh(FreshText text, uint32_t dashes) noexcept {
  return MatchText(text, DashPlacesOf(dashes, text.size()));
}

MatcherStats Matcher::Stats() const noexcept {
  return MatcherStats{.rules = rule_count_,
                      .terms = term_count_,
                      .attached_jobs = jobs_.attached(),
                      .memories = memories_.count(),
                      .bytes = sizeof(*this) + index_.bytes() + jobs_.bytes() + memories_.bytes() + results_.bytes() +
                               hits_.bytes() + own_.bytes() + happenings_.bytes() + ScratchBytes(padded_) +
                               ScratchBytes(exported_) + ScratchBytes(children_) + ScratchBytes(group_)};
}

void Matcher::MatchUnusual(const Event& event, const TermList& list) {
  if ((list.flags & TermList::kSubmits) != 0) jobs_.Attach(event.job);
  const bool uses_labels = (list.flags & TermList::kUsesLabels) != 0;
  own_.Clear();
  index_.FindAll(event, list, uses_labels ? LabelOf(event.job) : TermIndex::Label(), hits_, own_);
  for (const uint32_t callback : own_) results_.Add(Firing{callback, event.job});
  if (!hits_.empty()) FireHits(event);
  if (results_.size() > 1) SortResults();
  if ((list.flags & TermList::kRemoves) != 0) Detach(event.job);
}

void Matcher::FireHits(const Event& event) {
  has_children_ = has_group_ = false;
  event_job_ = event.job;
  for (const TermIndex::Hit& hit : hits_) {
    const std::span<const uint64_t> owners = OwnersOf(hit.context, event);
    if (owners.empty()) continue;
    index_.ForEachTarget(
        hit,
        [&](uint32_t callback) {
          for (const uint64_t owner : owners) results_.Add(Firing{callback, owner});
        },
        [&](uint32_t slot, uint32_t bit) {
          for (const uint64_t owner : owners) happenings_.Add({slot, bit, owner});
        });
  }
  hits_.Clear();
  if (!happenings_.empty()) {
    memories_.Remember(happenings_.all(), results_);
    happenings_.Clear();
  }
  Trim();
}

void Matcher::SortResults() {
  // Most events that fire several callbacks fire two.
  if (results_.size() == 2) {
    Firing* const two = results_.begin();
    if (two[0] > two[1]) std::swap(two[0], two[1]);
    if (two[0] == two[1]) results_.Truncate(1);
    return;
  }
  // Strictly ascending, they are in order and each is there once.
  const auto wrong = std::adjacent_find(results_.begin(), results_.end(), std::greater_equal<>());
  if (wrong == results_.end()) return;
  std::sort(results_.begin(), results_.end());
  results_.Truncate(static_cast<std::size_t>(std::unique(results_.begin(), results_.end()) - results_.begin()));
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

std::span<const std::byte> Matcher::ExportMemories(uint32_t job) {
  exported_.clear();
  if (job != kNone && jobs_.Memories(job) != kNone) memories_.Export(job, exported_);
  return exported_;
}

Status Matcher::ImportMemories(uint64_t owner, std::span<const std::byte> bytes) noexcept {
  return memories_.Import(owner, bytes);
}

std::vector<HalfSatisfied> Matcher::Remembered(uint64_t owner) const noexcept {
  const uint32_t job = jobs_.Find(owner);
  return job == kNone ? std::vector<HalfSatisfied>() : memories_.Remembered(job);
}

void Matcher::Trim() {
  hits_.Trim();
  happenings_.Trim();
  TrimScratch(children_);
  TrimScratch(group_);
  memories_.Trim();
}

}  // namespace ucb::trigger
