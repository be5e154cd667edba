#include "core/trigger/owner_memories.h"

#include <algorithm>
#include <bit>
#include <tuple>
#include <utility>

#include "core/trigger/memory_format.h"

namespace ucb::trigger {

void OwnerMemories::ReplaceRules(RememberingRules next) {
  const std::vector<uint32_t> slots = rules_.SlotsIn(next);
  jobs_.ForEach([this, &slots](uint32_t owner) {
    for (uint32_t memory = jobs_.Memories(owner); memory != kNone;) {
      const uint32_t following = memories_.Next(memory);
      const uint32_t slot = memories_.Slot(memory);
      if (slots[slot] == kNone) {
        if (rules_.First(slot) == slot) --count_;
        changed_.Note(jobs_.Id(owner));
        memories_.Remove(memory, jobs_.Memories(owner));
      }
      memory = following;
    }
    jobs_.Drop(owner);
  });
  memories_.Renumber(slots);
  rules_ = std::move(next);
}

// All terms an event satisfies have happened before any rule is looked at: a rule that becomes true forgets them all.
void OwnerMemories::Remember(std::span<Happening> happenings, ScratchList<Firing>& results) {
  if (happenings.size() > 1) {
    std::sort(happenings.begin(), happenings.end(), [this](const Happening& left, const Happening& right) {
      const uint32_t left_rule = rules_.First(left.slot);
      const uint32_t right_rule = rules_.First(right.slot);
      return std::tie(left_rule, left.owner) < std::tie(right_rule, right.owner);
    });
  }
  for (std::size_t at = 0; at < happenings.size();) {
    const uint32_t first = rules_.First(happenings[at].slot);
    std::size_t end = at + 1;
    while (end < happenings.size() && happenings[end].owner == happenings[at].owner &&
           rules_.First(happenings[end].slot) == first) {
      ++end;
    }
    RememberFor(happenings.subspan(at, end - at), results);
    at = end;
  }
}

// `happenings` are of one rule and one owner.
void OwnerMemories::RememberFor(std::span<const Happening> happenings, ScratchList<Firing>& results) {
  const uint64_t id = happenings.front().owner;
  const uint32_t first = rules_.First(happenings.front().slot);
  const uint32_t known = jobs_.Find(id);
  // A rule remembered has a memory of its first slot, even if no bit of it is set.
  const uint32_t first_memory = known == kNone ? kNone : memories_.Find(first, known);

  ReadBits(first, known, first_memory);
  uint64_t news = 0;
  for (const Happening& happening : happenings) {
    const uint64_t bit = uint64_t{1} << happening.bit;
    news |= bit & ~bits_[happening.slot - first];
    bits_[happening.slot - first] |= bit;
  }

  if (rules_.Holds(first, bits_.data())) {
    results.Add(Firing{rules_.Callback(first), id});
    if (first_memory == kNone) return;
    changed_.Note(id);
    ForgetRule(first, known);
    return;
  }
  if (news == 0) return;
  changed_.Note(id);
  Store(first, known == kNone ? jobs_.FindOrAdd(id) : known, first_memory);
}

// Makes `bits_` what the owner remembers of the rule.
void OwnerMemories::Store(uint32_t first, uint32_t owner, uint32_t first_memory) {
  if (first_memory == kNone) ++count_;
  for (uint32_t part = 0; part < bits_.size(); ++part) {
    if (part != 0 && bits_[part] == 0) continue;
    const uint32_t memory = part == 0 || first_memory == kNone ? first_memory : memories_.Find(first + part, owner);
    if (memory == kNone) {
      memories_.Add(first + part, owner, bits_[part], jobs_.Memories(owner));
    } else {
      memories_.Bits(memory) = bits_[part];
    }
  }
}

void OwnerMemories::ForgetRule(uint32_t first, uint32_t owner) {
  for (uint32_t part = 0; part < rules_.SlotCount(first); ++part) {
    const uint32_t memory = memories_.Find(first + part, owner);
    if (memory != kNone) memories_.Remove(memory, jobs_.Memories(owner));
  }
  --count_;
  jobs_.Drop(owner);
}

void OwnerMemories::Forget(uint32_t owner) {
  if (jobs_.Memories(owner) != kNone) changed_.Note(jobs_.Id(owner));
  for (uint32_t memory = jobs_.Memories(owner); memory != kNone; memory = jobs_.Memories(owner)) {
    const uint32_t slot = memories_.Slot(memory);
    if (rules_.First(slot) == slot) --count_;
    memories_.Remove(memory, jobs_.Memories(owner));
  }
}

void OwnerMemories::Export(uint32_t owner, std::vector<std::byte>& bytes) {
  std::vector<uint32_t> firsts = RulesOf(owner);
  std::sort(firsts.begin(), firsts.end(),
            [this](uint32_t left, uint32_t right) { return rules_.IsBefore(left, right); });
  MemoryWriter writer(bytes);
  for (const uint32_t first : firsts) {
    ReadBits(first, owner, memories_.Find(first, owner));
    writer.Add(rules_.Key(first), rules_.TermCount(first), bits_);
  }
}

Status OwnerMemories::Import(uint64_t id, std::span<const std::byte> bytes) {
  const Result<std::vector<RuleMemory>> parsed = ParseMemories(bytes);
  if (!parsed) return parsed.error();
  const std::vector<RuleMemory>& records = parsed.value();
  const uint32_t owner = jobs_.FindOrAdd(id);
  // Replacing is not a change: what is in the bytes is what the owner remembers then.
  for (const uint32_t first : RulesOf(owner)) {
    for (uint32_t part = 0; part < rules_.SlotCount(first); ++part) {
      const uint32_t memory = memories_.Find(first + part, owner);
      if (memory != kNone) memories_.Remove(memory, jobs_.Memories(owner));
    }
    --count_;
  }
  for (std::size_t at = 0; at < records.size();) {
    const auto [key, terms, _] = records[at];
    std::span<const uint32_t> firsts = rules_.Named(key, terms);
    for (; at < records.size() && records[at].key == key && records[at].terms == terms; ++at) {
      if (firsts.empty()) {
        changed_.Note(id);
        continue;
      }
      bits_.assign(rules_.SlotCount(firsts.front()), 0);
      for (std::size_t i = 0; i < records[at].bits.size(); ++i) {
        bits_[i / 8] |= std::to_integer<uint64_t>(records[at].bits[i]) << (i % 8 * 8);
      }
      Store(firsts.front(), owner, kNone);
      firsts = firsts.subspan(1);
    }
  }
  jobs_.Drop(owner);
  return Unit{};
}

std::vector<HalfSatisfied> OwnerMemories::Remembered(uint32_t owner) const {
  std::vector<uint32_t> firsts = RulesOf(owner);
  std::sort(firsts.begin(), firsts.end());
  std::vector<HalfSatisfied> remembered;
  for (const uint32_t first : firsts) {
    HalfSatisfied& rule = remembered.emplace_back(HalfSatisfied{rules_.Callback(first), {}});
    for (uint32_t part = 0; part < rules_.SlotCount(first); ++part) {
      const uint32_t memory = memories_.Find(first + part, owner);
      if (memory == kNone) continue;
      for (uint64_t bits = memories_.Bits(memory); bits != 0; bits &= bits - 1) {
        rule.terms.push_back(part * 64 + static_cast<uint32_t>(std::countr_zero(bits)));
      }
    }
  }
  return remembered;
}

void OwnerMemories::Trim() {
  TrimScratch(bits_);
}

std::size_t OwnerMemories::bytes() const {
  return rules_.bytes() + memories_.bytes() + changed_.bytes() + ScratchBytes(bits_);
}

// Reads what the owner remembers of the rule into `bits_`: something if there is a memory of its first slot.
void OwnerMemories::ReadBits(uint32_t first, uint32_t owner, uint32_t first_memory) {
  bits_.assign(rules_.SlotCount(first), 0);
  if (first_memory == kNone) return;
  bits_[0] = memories_.Bits(first_memory);
  for (uint32_t part = 1; part < bits_.size(); ++part) {
    const uint32_t memory = memories_.Find(first + part, owner);
    if (memory != kNone) bits_[part] = memories_.Bits(memory);
  }
}

// The first slots of the rules that the owner remembers something of.
std::vector<uint32_t> OwnerMemories::RulesOf(uint32_t owner) const {
  std::vector<uint32_t> firsts;
  for (uint32_t memory = jobs_.Memories(owner); memory != kNone; memory = memories_.Next(memory)) {
    const uint32_t slot = memories_.Slot(memory);
    if (rules_.First(slot) == slot) firsts.push_back(slot);
  }
  return firsts;
}

}  // namespace ucb::trigger
