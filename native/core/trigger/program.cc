#include "core/trigger/program.h"

#include <string>

namespace ucb::trigger {
namespace {

constexpr uint32_t kMagic = 0x31424355;
constexpr uint32_t kVersion = 1;
constexpr std::size_t kHeaderWords = 8;
constexpr std::size_t kRuleWords = 8;
constexpr std::size_t kTermWords = 6;
constexpr std::size_t kPatternWords = 2;
constexpr std::size_t kSegmentWords = 2;
constexpr uint32_t kRemembers = 1;

Error Wrong(const char* message, std::size_t word) {
  return Error::Program(message, word);
}

// Both limits are below 2^32, so that the sum cannot overflow.
bool Inside(uint32_t first, uint32_t count, uint32_t size) {
  return uint64_t{first} + count <= size;
}

}  // namespace

uint32_t Program::Word(std::size_t index) const {
  const std::byte* at = bytes_.data() + index * 4;
  return std::to_integer<uint32_t>(at[0]) | std::to_integer<uint32_t>(at[1]) << 8 |
         std::to_integer<uint32_t>(at[2]) << 16 | std::to_integer<uint32_t>(at[3]) << 24;
}

Result<Program> Program::Parse(std::span<const std::byte> bytes) {
  Program program(bytes);
  if (Status status = program.CheckSize(); !status) return status.error();
  if (Status status = program.CheckSegments(); !status) return status.error();
  if (Status status = program.CheckPatterns(); !status) return status.error();
  if (Status status = program.CheckTerms(); !status) return status.error();
  if (Status status = program.CheckRules(); !status) return status.error();
  return program;
}

Program::Rule Program::RuleAt(uint32_t index) const {
  const std::size_t at = rules_at_ + std::size_t{index} * kRuleWords;
  return Rule{.callback = Word(at),
              .key = Word(at + 1) | uint64_t{Word(at + 2)} << 32,
              .remembers = (Word(at + 3) & kRemembers) != 0,
              .first_term = Word(at + 4),
              .term_count = Word(at + 5),
              .first_code = Word(at + 6),
              .code_count = Word(at + 7)};
}

Program::Term Program::TermAt(uint32_t index) const {
  const std::size_t at = terms_at_ + std::size_t{index} * kTermWords;
  return Term{.name = Word(at),
              .types = Word(at + 1),
              .context = static_cast<ContextKind>(Word(at + 2)),
              .context_value = Word(at + 3) | uint64_t{Word(at + 4)} << 32,
              .extra = Word(at + 5)};
}

std::string_view Program::Segment(uint32_t pattern, uint32_t index) const {
  const std::size_t segment = std::size_t{Word(patterns_at_ + std::size_t{pattern} * kPatternWords)} + index;
  const std::size_t at = segments_at_ + segment * kSegmentWords;
  const std::byte* pool = bytes_.data() + pool_at_ * 4;
  return {reinterpret_cast<const char*>(pool) + Word(at), Word(at + 1)};
}

Status Program::CheckSize() {
  const std::size_t words = bytes_.size() / 4;
  if (words < kHeaderWords) return Wrong("the header is cut off", words);
  if (Word(0) != kMagic) return Wrong("this is no trigger program", 0);
  if (Word(1) != kVersion) return Wrong("the version is not known", 1);
  rules_ = Word(2);
  terms_ = Word(3);
  patterns_ = Word(4);
  segments_ = Word(5);
  code_ = Word(6);
  pool_ = Word(7);
  // Counts are below 2^32 and rows below 2^3 words: nothing overflows 64 bits.
  uint64_t at = kHeaderWords;
  const auto place = [&at, words](std::size_t& start, uint64_t count, std::size_t row) {
    start = static_cast<std::size_t>(at);
    at += count * row;
    return at <= words;
  };
  if (!place(rules_at_, rules_, kRuleWords)) return Wrong("the rules are cut off", 2);
  if (!place(terms_at_, terms_, kTermWords)) return Wrong("the terms are cut off", 3);
  if (!place(patterns_at_, patterns_, kPatternWords)) return Wrong("the patterns are cut off", 4);
  if (!place(segments_at_, segments_, kSegmentWords)) return Wrong("the segments are cut off", 5);
  if (!place(code_at_, code_, 1)) return Wrong("the code is cut off", 6);
  pool_at_ = static_cast<std::size_t>(at);
  const std::size_t rest = bytes_.size() - pool_at_ * 4;
  if (rest < pool_) return Wrong("the pool is cut off", 7);
  if (rest > pool_) return Wrong("something follows the pool", 7);
  return Unit{};
}

Status Program::CheckSegments() const {
  for (uint32_t i = 0; i < segments_; ++i) {
    const std::size_t at = segments_at_ + std::size_t{i} * kSegmentWords;
    if (!Inside(Word(at), Word(at + 1), pool_)) return Wrong("a segment lies outside the pool", at);
  }
  return Unit{};
}

Status Program::CheckPatterns() const {
  uint64_t segments = 0;
  uint64_t length = 0;
  for (uint32_t i = 0; i < patterns_; ++i) {
    const std::size_t at = patterns_at_ + std::size_t{i} * kPatternWords;
    const uint32_t count = Word(at + 1);
    if (count == 0) return Wrong("a pattern is empty", at + 1);
    if (!Inside(Word(at), count, segments_)) return Wrong("a pattern lies outside the segments", at);
    segments += count;
    if (segments > kMaxPatternSegments) return Wrong("the patterns have too many segments", at + 1);
    for (uint32_t k = 0; k < count; ++k) length += Segment(i, k).size();
    if (length > kMaxPatternBytes) return Wrong("the patterns are too long", at);
  }
  return Unit{};
}

Status Program::CheckTerms() const {
  for (uint32_t i = 0; i < terms_; ++i) {
    const std::size_t at = terms_at_ + std::size_t{i} * kTermWords;
    if (Word(at) >= patterns_) return Wrong("a term's name is no pattern", at);
    const uint32_t types = Word(at + 1);
    if (types == 0 || types >> kEventTypes != 0) return Wrong("a term's types are wrong", at + 1);
    const uint32_t kind = Word(at + 2);
    if (kind > static_cast<uint32_t>(ContextKind::kGlobal))
      return Wrong("a term's context is of no known kind", at + 2);
    const auto context = static_cast<ContextKind>(kind);
    const uint32_t wrong_types = context == ContextKind::kGlobal ? types & ~kGlobalTypeMask : types & kGlobalTypeMask;
    if (wrong_types != 0) return Wrong("a term's types do not fit its context", at + 1);
    const uint32_t low = Word(at + 3);
    const uint32_t high = Word(at + 4);
    if (context == ContextKind::kJob) {
      const uint64_t id = low | uint64_t{high} << 32;
      if (id == 0 || id > kMaxJobId) return Wrong("a term's job id is out of range", at + 3);
    } else if (context == ContextKind::kLabel) {
      if (low >= patterns_) return Wrong("a term's label is no pattern", at + 3);
      if (high != 0) return Wrong("a term's unused word is not 0", at + 4);
    } else {
      if (low != 0) return Wrong("a term's unused word is not 0", at + 3);
      if (high != 0) return Wrong("a term's unused word is not 0", at + 4);
    }
    if (Word(at + 5) >= patterns_) return Wrong("a term's extra is no pattern", at + 5);
  }
  return Unit{};
}

Status Program::CheckRules() const {
  uint64_t all_terms = 0;
  uint64_t all_code = 0;
  for (uint32_t i = 0; i < rules_; ++i) {
    const std::size_t at = rules_at_ + std::size_t{i} * kRuleWords;
    if (Word(at) > kMaxCallback) return Wrong("a rule's callback index is too large", at);
    const uint32_t flags = Word(at + 3);
    if ((flags & ~kRemembers) != 0) return Wrong("a rule has an unknown flag", at + 3);
    const uint32_t terms = Word(at + 5);
    if (terms == 0) return Wrong("a rule has no term", at + 5);
    if (!Inside(Word(at + 4), terms, terms_)) return Wrong("a rule's terms lie outside the terms", at + 4);
    if (!Inside(Word(at + 6), Word(at + 7), code_)) return Wrong("a rule's code lies outside the code", at + 6);
    all_terms += terms;
    all_code += Word(at + 7);
    if (all_terms > kMaxRuleTerms) return Wrong("the rules have too many terms", at + 5);
    if (all_code > kMaxRuleCode) return Wrong("the rules have too much code", at + 7);
    const Result<bool> has_and = CheckCode(at);
    if (!has_and) return has_and.error();
    if (has_and.value() != ((flags & kRemembers) != 0)) {
      return Wrong("a rule remembers without an and, or has one without remembering", at + 3);
    }
  }
  return Unit{};
}

// Whether the code of the rule at this word holds an `and`.
Result<bool> Program::CheckCode(std::size_t rule_at) const {
  const uint32_t terms = Word(rule_at + 5);
  const std::size_t first = code_at_ + Word(rule_at + 6);
  const std::size_t end = first + Word(rule_at + 7);
  uint32_t depth = 0;
  bool has_and = false;
  for (std::size_t at = first; at < end; ++at) {
    const uint32_t word = Word(at);
    if (word == kCodeAnd || word == kCodeOr) {
      if (depth < 2) return Wrong("an operation lacks an operand", at);
      --depth;
      has_and = has_and || word == kCodeAnd;
    } else {
      if (word >= terms) return Wrong("the code names a term the rule does not have", at);
      if (++depth > kMaxStack) return Wrong("an expression is nested too deeply", at);
    }
  }
  if (depth != 1) return Wrong("a rule's code does not leave one value", rule_at + 7);
  return has_and;
}

}  // namespace ucb::trigger
