#include "core/trigger/remembering_rules.h"

#include <algorithm>
#include <tuple>

#include "core/trigger/text_hash.h"

namespace ucb::trigger {
namespace {

uint64_t HashCode(const uint32_t* code) {
  uint64_t hash = code[0];
  for (uint32_t i = 0; i <= code[1]; ++i) hash = Mix(hash, code[i + 1]);
  return hash;
}

}  // namespace

uint32_t RememberingRules::Add(const Program& program, uint32_t rule) {
  const Program::Rule source = program.RuleAt(rule);
  const auto first = static_cast<uint32_t>(rules_.size());
  rules_.push_back(Rule{.key = source.key, .callback = source.callback, .code = AddCode(program, source)});
  for (uint32_t part = 1; part < SlotCount(first); ++part) {
    rules_.push_back(Rule{.key = source.key, .callback = kPart | part, .code = rules_[first].code});
  }
  return first;
}

void RememberingRules::Finish() {
  code_index_.Clear();
  rules_.shrink_to_fit();
  code_.shrink_to_fit();
}

uint32_t RememberingRules::First(uint32_t slot) const {
  const uint32_t callback = rules_[slot].callback;
  return (callback & kPart) == 0 ? slot : slot - (callback & ~kPart);
}

bool RememberingRules::Holds(uint32_t first, const uint64_t* bits) const {
  const uint32_t* code = code_.data() + rules_[first].code;
  const uint32_t* const end = code + 2 + code[1];
  uint64_t stack = 0;  // one bit a value, the top is the lowest; the loader has seen to it that they fit
  for (code += 2; code != end; ++code) {
    const uint32_t word = *code;
    if (word == kCodeAnd) {
      stack = (stack >> 1) & ((stack & 1) | ~uint64_t{1});
    } else if (word == kCodeOr) {
      stack = (stack >> 1) | (stack & 1);
    } else {
      stack = stack << 1 | (bits[word / 64] >> (word % 64) & 1);
    }
  }
  return (stack & 1) != 0;
}

std::span<const uint32_t> RememberingRules::Named(uint64_t key, uint32_t terms) {
  if (by_name_.empty()) by_name_ = ByName();
  const auto name = std::tie(key, terms);
  const auto from = std::partition_point(by_name_.begin(), by_name_.end(), [&](uint32_t first) {
    return std::tuple(Key(first), TermCount(first)) < name;
  });
  const auto to = std::partition_point(
      from, by_name_.end(), [&](uint32_t first) { return std::tuple(Key(first), TermCount(first)) == name; });
  return {from, to};
}

std::vector<uint32_t> RememberingRules::SlotsIn(const RememberingRules& next) const {
  const std::vector<uint32_t> next_list = next.ByName();
  std::vector<uint32_t> slots(rules_.size(), kNone);
  auto candidate = next_list.begin();
  for (const uint32_t first : ByName()) {
    const std::tuple name(Key(first), TermCount(first));
    const auto name_of = [&next](uint32_t other) { return std::tuple(next.Key(other), next.TermCount(other)); };
    while (candidate != next_list.end() && name_of(*candidate) < name) ++candidate;
    if (candidate == next_list.end()) break;
    if (name_of(*candidate) != name) continue;
    for (uint32_t part = 0; part < SlotCount(first); ++part) slots[first + part] = *candidate + part;
    ++candidate;
  }
  return slots;
}

std::vector<uint32_t> RememberingRules::ByName() const {
  std::vector<uint32_t> firsts;
  for (uint32_t slot = 0; slot < rules_.size(); slot += SlotCount(slot)) firsts.push_back(slot);
  std::sort(firsts.begin(), firsts.end(), [this](uint32_t left, uint32_t right) { return IsBefore(left, right); });
  return firsts;
}

std::size_t RememberingRules::bytes() const {
  return rules_.capacity() * sizeof(Rule) + (code_.capacity() + by_name_.capacity()) * sizeof(uint32_t) +
         code_index_.bytes();
}

uint32_t RememberingRules::AddCode(const Program& program, const Program::Rule& rule) {
  const auto at = static_cast<uint32_t>(code_.size());
  code_.push_back(rule.term_count);
  code_.push_back(rule.code_count);
  for (uint32_t i = 0; i < rule.code_count; ++i) code_.push_back(program.CodeAt(rule.first_code + i));
  const uint64_t hash = HashCode(code_.data() + at);
  const uint32_t found = code_index_.Find(hash, [this, at](uint32_t other) {
    return code_[other] == code_[at] && code_[other + 1] == code_[at + 1] &&
           std::equal(code_.begin() + other, code_.begin() + other + 2 + code_[other + 1], code_.begin() + at);
  });
  if (found != kNone) {
    code_.resize(at);
    return found;
  }
  code_index_.Insert(hash, at, [this](uint32_t other) { return HashCode(code_.data() + other); });
  return at;
}

}  // namespace ucb::trigger
