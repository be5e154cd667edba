#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/base/result.h"

namespace ucb::trigger {

// Bit numbers of a term's type mask.
enum class EventType : uint8_t { kJob, kSubjob, kWork, kHost, kTime, kRepeat, kGlobalTime, kGlobalRepeat };
inline constexpr uint32_t kEventTypes = 8;
inline constexpr uint32_t kGlobalTypeMask = 0xC0;

inline bool IsGlobal(EventType type) {
  return type >= EventType::kGlobalTime;
}

enum class ContextKind : uint8_t { kSelf, kParent, kJob, kLabel, kGlobal };

inline constexpr uint64_t kMaxJobId = (uint64_t{1} << 53) - 1;
inline constexpr uint32_t kCodeAnd = 0xFFFFFFFE;
inline constexpr uint32_t kCodeOr = 0xFFFFFFFF;
inline constexpr uint32_t kMaxStack = 64;

// What a program may amount to once everything that its rules share is counted for each of them.
inline constexpr uint32_t kMaxCallback = (uint32_t{1} << 30) - 1;
inline constexpr uint64_t kMaxRuleTerms = uint64_t{1} << 22;
inline constexpr uint64_t kMaxRuleCode = uint64_t{1} << 24;
inline constexpr uint64_t kMaxPatternSegments = uint64_t{1} << 22;
inline constexpr uint64_t kMaxPatternBytes = (uint64_t{1} << 25) - 1;

// A compiled trigger program (FORMAT.md) that was found to be sound. It looks at the caller's bytes and owns nothing.
class Program {
 public:
  struct Rule {
    uint32_t callback;
    uint64_t key;
    bool remembers;
    uint32_t first_term;
    uint32_t term_count;
    uint32_t first_code;
    uint32_t code_count;
  };

  struct Term {
    uint32_t name;  // pattern
    uint32_t types;
    ContextKind context;
    uint64_t context_value;  // job id, or pattern of the label
    uint32_t extra;          // pattern
  };

  // Checks every word. The bytes may be unaligned; they must not change while the program is in use.
  static Result<Program> Parse(std::span<const std::byte> bytes);

  uint32_t rule_count() const { return rules_; }
  uint32_t term_count() const { return terms_; }
  uint32_t pattern_count() const { return patterns_; }

  Rule RuleAt(uint32_t index) const;
  Term TermAt(uint32_t index) const;
  uint32_t CodeAt(uint32_t index) const { return Word(code_at_ + index); }
  uint32_t SegmentCount(uint32_t pattern) const { return Word(patterns_at_ + std::size_t{pattern} * 2 + 1); }
  std::string_view Segment(uint32_t pattern, uint32_t index) const;

 private:
  explicit Program(std::span<const std::byte> bytes) : bytes_(bytes) {}

  uint32_t Word(std::size_t index) const;
  Status CheckSize();
  Status CheckSegments() const;
  Status CheckPatterns() const;
  Status CheckTerms() const;
  Status CheckRules() const;
  Result<bool> CheckCode(std::size_t rule_at) const;

  std::span<const std::byte> bytes_;
  uint32_t rules_ = 0, terms_ = 0, patterns_ = 0, segments_ = 0, code_ = 0, pool_ = 0;
  // Where the tables start, in words.
  std::size_t rules_at_ = 0, terms_at_ = 0, patterns_at_ = 0, segments_at_ = 0, code_at_ = 0, pool_at_ = 0;
};

}  // namespace ucb::trigger
