#include <string>

#include "core/trigger/matcher.h"
#include "doctest/doctest.h"
#include "trigger_firing_text.h"
#include "trigger_program_builder.h"

namespace ucb::trigger::test {

TEST_CASE("match: wildcards in the name") {
  Matcher matcher;
  REQUIRE(matcher.Load(ProgramOf(
      {{1, "*-job-self"}, {2, "comp*-job-self"}, {3, "*led-job-self"}, {4, "k*l*d-job-self"}, {5, "do*-job-self"}})));
  CHECK(Fired(matcher, "complete-job-1") == "1:1 2:1 5:1");
  CHECK(Fired(matcher, "killed-job-1") == "1:1 3:1 4:1 5:1");
  CHECK(Fired(matcher, "running-job-1") == "1:1");
  CHECK(Fired(matcher, "done-job-1") == "1:1 5:1");
  CHECK(Fired(matcher, "kld-job-1") == "1:1 4:1");
  CHECK(Fired(matcher, "kd-job-1") == "1:1");
}

TEST_CASE("match: a wildcard type takes any type of a job") {
  Matcher matcher;
  REQUIRE(matcher.Load(ProgramOf({{1, "complete-*-self"}, {2, "complete-*-self-*"}, {3, "*-*-self-x*"}})));
  CHECK(Fired(matcher, "complete-job-1") == "1:1 2:1");
  CHECK(Fired(matcher, "complete-work-1-y") == "2:1");
  CHECK(Fired(matcher, "killed-host-1-xyz") == "3:1");
  CHECK(Fired(matcher, "globaltime-5") == "");
}

TEST_CASE("match: wildcards in the extra") {
  Matcher matcher;
  REQUIRE(matcher.Load(ProgramOf({{1, "complete-work-self-17"},
                                  {2, "complete-work-self-1*"},
                                  {3, "complete-work-self-*7"},
                                  {4, "complete-work-self-*"},
                                  {5, "complete-work-self-frame_*_beauty"},
                                  {6, "complete-work-self-frame_*beauty*end"},
                                  {7, "complete-work-self-frame_00*"},
                                  {8, "complete-work-self"}})));
  CHECK(Fired(matcher, "complete-work-1-17") == "1:1 2:1 3:1 4:1");
  CHECK(Fired(matcher, "complete-work-1-1") == "2:1 4:1");
  CHECK(Fired(matcher, "complete-work-1-7") == "3:1 4:1");
  CHECK(Fired(matcher, "complete-work-1") == "4:1 8:1");
  CHECK(Fired(matcher, "complete-work-1-frame_1_beauty") == "4:1 5:1");
  CHECK(Fired(matcher, "complete-work-1-frame_beauty") == "4:1");
  CHECK(Fired(matcher, "complete-work-1-frame__beauty") == "4:1 5:1");
  CHECK(Fired(matcher, "complete-work-1-frame_beautyend") == "4:1 6:1");
  CHECK(Fired(matcher, "complete-work-1-frame_beautend") == "4:1");
  CHECK(Fired(matcher, "complete-work-1-frame_00") == "4:1 7:1");
  CHECK(Fired(matcher, "complete-work-1-frame_0") == "4:1");
}

TEST_CASE("match: texts are bytes, compared exactly") {
  Matcher matcher;
  const std::string nul("complete-work-self-a\0b", 22);
  ProgramBuilder builder;
  builder.Rule(1, nul).Rule(2, "complete-work-self-B\xC3\xA4ume_*").Rule(3, "\xE5\x8B\x95-job-self");
  REQUIRE(matcher.Load(builder.Bytes()));
  CHECK(Fired(matcher, std::string("complete-work-1-a\0b", 19)) == "1:1");
  CHECK(Fired(matcher, "complete-work-1-a") == "");
  CHECK(Fired(matcher, "complete-work-1-B\xC3\xA4ume_1") == "2:1");
  CHECK(Fired(matcher, "complete-work-1-b\xC3\xA4ume_1") == "");
  CHECK(Fired(matcher, "\xE5\x8B\x95-job-1") == "3:1");
  CHECK(Fired(matcher, "COMPLETE-work-1-a") == "");
}

TEST_CASE("match: extras of every length and of nearly equal text") {
  Matcher matcher;
  ProgramBuilder builder;
  for (uint32_t length = 0; length < 80; ++length) {
    const std::string text(length, 'x');
    builder.Rule(2 * length, "complete-work-self" + (text.empty() ? "" : "-" + text));
    builder.Rule(2 * length + 1, "complete-work-self-" + text + "*");
  }
  REQUIRE(matcher.Load(builder.Bytes()));
  for (uint32_t length = 0; length < 80; ++length) {
    const std::string event = "complete-work-9-" + std::string(length, 'x');
    std::string expected;
    for (uint32_t i = 0; i <= length; ++i) {
      if (i == length) expected += std::to_string(2 * i) + ":9 ";
      expected += std::to_string(2 * i + 1) + ":9" + (i == length ? "" : " ");
    }
    CHECK(Fired(matcher, event) == expected);
    if (length > 0) CHECK(Fired(matcher, "complete-work-9-y" + std::string(length - 1, 'x')) == "1:9");
  }
}

TEST_CASE("match: done is derived from complete, killed and failed of any type") {
  Matcher matcher;
  REQUIRE(matcher.Load(ProgramOf({{1, "done-job-self"}, {2, "done-work-self-*"}, {3, "failed-work-self-3"}})));
  for (const char* name : {"complete", "killed", "failed", "done"}) {
    CHECK(Fired(matcher, std::string(name) + "-job-4") == "1:4");
    CHECK(Fired(matcher, std::string(name) + "-work-4-x") == "2:4");
  }
  CHECK(Fired(matcher, "failed-work-4-3") == "2:4 3:4");
  CHECK(Fired(matcher, "done-work-4-3") == "2:4");
  CHECK(Fired(matcher, "running-job-4") == "");
  CHECK(Fired(matcher, "removed-job-4") == "");
}

TEST_CASE("match: a reported done fires nothing but done") {
  Matcher matcher;
  REQUIRE(
      matcher.Load(ProgramOf({{1, "complete-job-self"}, {2, "*-job-self"}, {3, "killed-job-self | done-job-self"}})));
  CHECK(Fired(matcher, "done-job-4") == "2:4 3:4");
}

TEST_CASE("match: a callback fires once for an occurrence and owner") {
  Matcher matcher;
  REQUIRE(matcher.Load(ProgramOf({{1, "*-job-self"},
                                  {1, "done-job-self | complete-job-self"},
                                  {1, "complete-job-parent"},
                                  {0, "complete-job-self"},
                                  {1, "complete-job-self & done-job-self"}})));
  matcher.Attach(9, 5, 0, "");
  CHECK(Fired(matcher, "complete-job-5") == "0:5 1:5 1:9");
}

TEST_CASE("match: results are ordered by callback and then owner") {
  Matcher matcher;
  REQUIRE(matcher.Load(ProgramOf({{9, "complete-job-parent"}, {2, "complete-job-parent"}, {5, "done-job-self"}})));
  for (const uint64_t id : {44U, 11U, 33U, 22U}) matcher.Attach(id, 1, 0, "");
  CHECK(Fired(matcher, "complete-job-1") == "2:11 2:22 2:33 2:44 5:1 9:11 9:22 9:33 9:44");
}

TEST_CASE("match: a malformed event leaves no results behind") {
  Matcher matcher;
  REQUIRE(matcher.Load(ProgramOf({{9, "complete-job-self"}})));
  CHECK(Fired(matcher, "complete-job-1") == "9:1");
  CHECK(Fired(matcher, "complete-job-x") == "malformed");
  CHECK(matcher.results().empty());
}

TEST_CASE("match: a megabyte of extra, and patterns that nearly fit it") {
  Matcher matcher;
  const std::string run(1 << 20, 'a');
  ProgramBuilder builder;
  builder.Rule(1, "complete-work-self-" + run + "b").Rule(2, "complete-work-self-*" + run.substr(0, 1 << 19) + "b*");
  builder.Rule(3, "complete-work-self-*a*a*a*");
  REQUIRE(matcher.Load(builder.Bytes()));
  CHECK(Fired(matcher, "complete-work-1-" + run) == "3:1");
  CHECK(Fired(matcher, "complete-work-1-" + run + "b") == "1:1 2:1 3:1");
}

TEST_CASE("match: terms that the code does not name do nothing") {
  Matcher matcher;
  RuleText stateless = ParseRule(1, "complete-job-self | failed-job-self");
  stateless.code = {0};
  RuleText remembering = ParseRule(2, "complete-job-self & failed-job-self & running-job-self");
  remembering.code = {0, 1, kCodeAnd};
  REQUIRE(matcher.Load(ProgramBuilder().Rule(stateless).Rule(remembering).Bytes()));
  CHECK(Fired(matcher, "running-job-1") == "");
  CHECK(matcher.Stats().memories == 0);
  CHECK(Fired(matcher, "failed-job-1") == "");
  CHECK(Fired(matcher, "complete-job-1") == "1:1 2:1");
}

}  // namespace ucb::trigger::test
