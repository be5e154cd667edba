#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "core/trigger/matcher.h"
#include "core/trigger/program.h"
#include "doctest/doctest.h"
#include "trigger_firing_text.h"
#include "trigger_program_builder.h"

namespace ucb::trigger::test {
namespace {

constexpr std::size_t kRules = 8;  // word of the first rule

std::vector<std::byte> Sample() {
  return ProgramOf({{0, "complete-work-self-1*7 & ( done-job-render | failed-job-parent )"},
                    {1, "complete-job-12"},
                    {2, "*-*-r*-frame_* | globaltime-5"}});
}

uint32_t WordAt(const std::vector<std::byte>& bytes, std::size_t word) {
  uint32_t value = 0;
  std::memcpy(&value, bytes.data() + word * 4, 4);
  return value;
}

void SetWord(std::vector<std::byte>& bytes, std::size_t word, uint32_t value) {
  std::memcpy(bytes.data() + word * 4, &value, 4);
}

// The sound program with one word changed.
Status LoadWith(std::size_t word, uint32_t value) {
  std::vector<std::byte> bytes = Sample();
  SetWord(bytes, word, value);
  return Matcher().Load(bytes);
}

void CheckRefused(std::size_t word, uint32_t value, std::size_t offset, const char* message) {
  CAPTURE(word);
  const Status status = LoadWith(word, value);
  REQUIRE_FALSE(status);
  CHECK(status.error().kind == ErrorKind::kProgram);
  CHECK(status.error().offset == offset);
  CHECK(status.error().message == message);
}

void Exercise(Matcher& matcher) {
  matcher.Attach(12, 7, 3, "render");
  matcher.Attach(3, 12, 0, "r");
  for (const char* event :
       {"complete-work-12-17", "complete-job-12", "failed-job-7", "killed-job-12", "x-host-12-frame_1", "globaltime-5",
        "done-job-3", "removed-job-12", "complete-work-3-1", "\xFF-work-3-\xFE"}) {
    matcher.Match(event);
  }
}

}  // namespace

TEST_CASE("program: loads and tells what it holds") {
  Matcher matcher;
  REQUIRE(matcher.Load(Sample()));
  CHECK(matcher.Stats().rules == 3);
  CHECK(matcher.Stats().terms == 6);
  REQUIRE(matcher.Load(ProgramBuilder().Bytes()));
  CHECK(matcher.Stats().rules == 0);
  CHECK(Fired(matcher, "complete-job-12") == "");
}

TEST_CASE("program: may lie at any address") {
  const std::vector<std::byte> bytes = Sample();
  for (std::size_t shift = 0; shift < 4; ++shift) {
    std::vector<std::byte> moved(shift);
    moved.insert(moved.end(), bytes.begin(), bytes.end());
    Matcher matcher;
    REQUIRE(matcher.Load(std::span<const std::byte>(moved).subspan(shift)));
    CHECK(Fired(matcher, "complete-job-12") == "1:12");
  }
}

TEST_CASE("program: what the header says") {
  CheckRefused(0, 0x31424356, 0, "this is no trigger program");
  CheckRefused(1, 2, 1, "the version is not known");
  CheckRefused(2, 1000, 2, "the rules are cut off");
  CheckRefused(2, UINT32_MAX, 2, "the rules are cut off");
  CheckRefused(3, UINT32_MAX, 3, "the terms are cut off");
  CheckRefused(4, UINT32_MAX, 4, "the patterns are cut off");
  CheckRefused(5, UINT32_MAX, 5, "the segments are cut off");
  CheckRefused(6, UINT32_MAX, 6, "the code is cut off");
  CheckRefused(7, UINT32_MAX, 7, "the pool is cut off");
  CheckRefused(7, 0, 7, "something follows the pool");
}

TEST_CASE("program: what the rules say") {
  CheckRefused(kRules, uint32_t{1} << 30, kRules, "a rule's callback index is too large");
  CheckRefused(kRules + 3, 3, kRules + 3, "a rule has an unknown flag");
  CheckRefused(kRules + 3, 0, kRules + 3, "a rule remembers without an and, or has one without remembering");
  CheckRefused(kRules + 8 + 3, 1, kRules + 8 + 3, "a rule remembers without an and, or has one without remembering");
  CheckRefused(kRules + 4, 4, kRules + 4, "a rule's terms lie outside the terms");
  CheckRefused(kRules + 4, UINT32_MAX, kRules + 4, "a rule's terms lie outside the terms");
  CheckRefused(kRules + 5, 0, kRules + 5, "a rule has no term");
  CheckRefused(kRules + 6, UINT32_MAX, kRules + 6, "a rule's code lies outside the code");
  CheckRefused(kRules + 7, 100, kRules + 6, "a rule's code lies outside the code");
  CheckRefused(kRules + 7, 0, kRules + 7, "a rule's code does not leave one value");
  CheckRefused(kRules + 7, 4, kRules + 7, "a rule's code does not leave one value");
}

TEST_CASE("program: what terms, patterns, segments and code say") {
  const std::vector<std::byte> sample = Sample();
  const std::size_t terms = kRules + 8 * std::size_t{WordAt(sample, 2)};
  const std::size_t patterns = terms + 6 * std::size_t{WordAt(sample, 3)};
  const std::size_t segments = patterns + 2 * std::size_t{WordAt(sample, 4)};
  const std::size_t code = segments + 2 * std::size_t{WordAt(sample, 5)};

  CheckRefused(terms, 10000, terms, "a term's name is no pattern");
  CheckRefused(terms + 1, 0, terms + 1, "a term's types are wrong");
  CheckRefused(terms + 1, 0x100, terms + 1, "a term's types are wrong");
  CheckRefused(terms + 1, 0x40, terms + 1, "a term's types do not fit its context");
  CheckRefused(terms + 2, 5, terms + 2, "a term's context is of no known kind");
  CheckRefused(terms + 2, 4, terms + 1, "a term's types do not fit its context");
  CheckRefused(terms + 3, 1, terms + 3, "a term's unused word is not 0");
  CheckRefused(terms + 4, 1, terms + 4, "a term's unused word is not 0");
  CheckRefused(terms + 5, 10000, terms + 5, "a term's extra is no pattern");
  CheckRefused(terms + 6 + 3, 10000, terms + 6 + 3, "a term's label is no pattern");
  CheckRefused(terms + 6 + 4, 1, terms + 6 + 4, "a term's unused word is not 0");
  CheckRefused(terms + 18 + 3, 0, terms + 18 + 3, "a term's job id is out of range");
  CheckRefused(terms + 18 + 4, 0x200000, terms + 18 + 3, "a term's job id is out of range");
  CheckRefused(patterns, 10000, patterns, "a pattern lies outside the segments");
  CheckRefused(patterns + 1, 0, patterns + 1, "a pattern is empty");
  CheckRefused(patterns + 1, UINT32_MAX, patterns, "a pattern lies outside the segments");
  CheckRefused(segments, 10000, segments, "a segment lies outside the pool");
  CheckRefused(segments + 1, UINT32_MAX, segments, "a segment lies outside the pool");
  CheckRefused(code, 3, code, "the code names a term the rule does not have");
  CheckRefused(code, kCodeAnd, code, "an operation lacks an operand");
  CheckRefused(code + 1, kCodeOr, code + 1, "an operation lacks an operand");
}

TEST_CASE("program: a stack of 64 is enough, of 65 too much") {
  for (const uint32_t depth : {64U, 65U}) {
    RuleText rule;
    for (uint32_t i = 0; i < depth; ++i) {
      rule.terms.push_back(ParseTerm("e" + std::to_string(i) + "-job-self"));
      rule.code.push_back(i);
    }
    for (uint32_t i = 1; i < depth; ++i) rule.code.push_back(i % 2 == 0 ? kCodeAnd : kCodeOr);
    rule.remembers = true;
    const Status status = Matcher().Load(ProgramBuilder().Rule(rule).Bytes());
    CHECK(static_cast<bool>(status) == (depth == 64));
    if (!status) CHECK(status.error().message == "an expression is nested too deeply");
  }
}

TEST_CASE("program: sharing cannot blow it up") {
  // 3,000 rules of 3,000 terms in 100 kilobytes.
  ProgramBuilder builder;
  RuleText rule;
  for (uint32_t i = 0; i < 3000; ++i) rule.terms.push_back(ParseTerm("complete-job-self"));
  rule.code = {0};
  builder.Rule(rule);
  std::vector<std::byte> bytes = builder.Bytes();
  const std::vector<std::byte> first(bytes.begin() + 32, bytes.begin() + 64);
  for (uint32_t i = 0; i < 3000; ++i) bytes.insert(bytes.begin() + 64, first.begin(), first.end());
  SetWord(bytes, 2, 3001);
  const Status status = Matcher().Load(bytes);
  REQUIRE_FALSE(status);
  CHECK(status.error().message == "the rules have too many terms");
}

TEST_CASE("program: cut off after any byte it is refused") {
  const std::vector<std::byte> bytes = Sample();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CAPTURE(size);
    // A copy of just that size, so that a sanitizer sees any byte read behind it.
    const std::vector<std::byte> cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    const Status status = Matcher().Load(cut);
    REQUIRE_FALSE(status);
    CHECK(status.error().offset <= size / 4 + 1);
  }
}

TEST_CASE("program: with any one word changed it is refused or harmless") {
  const std::vector<std::byte> bytes = Sample();
  for (std::size_t word = 0; word < bytes.size() / 4; ++word) {
    const uint32_t old = WordAt(bytes, word);
    for (const uint32_t value : {0U, 1U, 2U, 3U, old + 1, old - 1, old ^ 0x80000000U, old << 8, 64U, 0x7FFFFFFFU,
                                 0x80000000U, 0xFFFFFFFEU, 0xFFFFFFFFU}) {
      std::vector<std::byte> changed = bytes;
      SetWord(changed, word, value);
      Matcher matcher;
      const Status status = matcher.Load(changed);
      if (!status) CHECK(status.error().offset < bytes.size() / 4 + 1);
      Exercise(matcher);
    }
  }
}

TEST_CASE("program: a refused one changes nothing") {
  Matcher matcher;
  REQUIRE(matcher.Load(ProgramOf({{4, "complete-job-self & failed-job-self"}})));
  CHECK(Fired(matcher, "complete-job-1") == "");
  REQUIRE_FALSE(matcher.Load({}));
  CHECK(matcher.Stats().rules == 1);
  CHECK(matcher.Stats().memories == 1);
  CHECK(Fired(matcher, "failed-job-1") == "4:1");
}

}  // namespace ucb::trigger::test
