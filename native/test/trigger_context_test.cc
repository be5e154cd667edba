#include <string>

#include "core/trigger/matcher.h"
#include "doctest/doctest.h"
#include "trigger_firing_text.h"
#include "trigger_program_builder.h"

namespace ucb::trigger::test {

TEST_CASE("context: self is the event's job, attached or not") {
  Matcher matcher;
  REQUIRE(matcher.Load(ProgramOf({{7, "complete-job-self"}})));
  CHECK(Fired(matcher, "complete-job-12") == "7:12");
  matcher.Attach(12, 0, 0, "");
  CHECK(Fired(matcher, "complete-job-12") == "7:12");
  CHECK(Fired(matcher, "complete-job-9007199254740991") == "7:9007199254740991");
  CHECK(Fired(matcher, "complete-subjob-12") == "");
  CHECK(Fired(matcher, "failed-job-12") == "");
  CHECK(Fired(matcher, "complete-job") == "malformed");
}

TEST_CASE("context: a job id") {
  Matcher matcher;
  REQUIRE(matcher.Load(ProgramOf({{1, "running-job-19294"}, {2, "running-job-9007199254740991"}})));
  CHECK(Fired(matcher, "running-job-19294") == "1:19294");
  CHECK(Fired(matcher, "running-job-19295") == "");
  CHECK(Fired(matcher, "running-job-9007199254740991") == "2:9007199254740991");
  CHECK(Fired(matcher, "running-job-9007199254740990") == "");
}

TEST_CASE("context: parent fires for every attached child") {
  Matcher matcher;
  REQUIRE(matcher.Load(ProgramOf({{3, "complete-job-parent"}})));
  matcher.Attach(30, 10, 0, "");
  matcher.Attach(20, 10, 0, "");
  matcher.Attach(40, 11, 0, "");
  matcher.Attach(50, 0, 0, "");
  CHECK(Fired(matcher, "complete-job-10") == "3:20 3:30");
  CHECK(Fired(matcher, "complete-job-20") == "");
  matcher.Attach(20, 11, 0, "");
  CHECK(Fired(matcher, "complete-job-10") == "3:30");
  CHECK(Fired(matcher, "complete-job-11") == "3:20 3:40");
  matcher.Detach(40);
  CHECK(Fired(matcher, "complete-job-11") == "3:20");
  matcher.Attach(60, 60, 0, "");
  CHECK(Fired(matcher, "complete-job-60") == "3:60");
}

TEST_CASE("context: a label reaches the others of the process group") {
  Matcher matcher;
  REQUIRE(matcher.Load(ProgramOf({{1, "done-job-render"}, {2, "done-job-r*"}, {3, "done-job-*_x"}})));
  matcher.Attach(100, 0, 0, "");  // the group's leader
  matcher.Attach(101, 0, 100, "render");
  matcher.Attach(102, 0, 100, "comp_x");
  matcher.Attach(103, 0, 100, "");
  matcher.Attach(200, 0, 200, "render");  // alone in its group
  matcher.Attach(301, 0, 300, "rigging");
  matcher.Attach(302, 0, 300, "render");  // their leader is not attached
  CHECK(Fired(matcher, "complete-job-101") == "1:100 1:102 1:103 2:100 2:102 2:103");
  CHECK(Fired(matcher, "failed-job-102") == "3:100 3:101 3:103");
  CHECK(Fired(matcher, "complete-job-103") == "");
  CHECK(Fired(matcher, "complete-job-100") == "");
  CHECK(Fired(matcher, "complete-job-200") == "");
  CHECK(Fired(matcher, "complete-job-301") == "2:302");
  CHECK(Fired(matcher, "complete-job-999") == "");

  // A leader that has left for another group is in this one no longer.
  matcher.Attach(100, 0, 300, "");
  CHECK(Fired(matcher, "complete-job-101") == "1:102 1:103 2:102 2:103");
  CHECK(Fired(matcher, "complete-job-301") == "2:100 2:302");
  matcher.Detach(102);
  CHECK(Fired(matcher, "complete-job-101") == "1:103 2:103");
}

TEST_CASE("context: a label alone does not match jobs that are not attached") {
  Matcher matcher;
  REQUIRE(matcher.Load(ProgramOf({{1, "running-job-*x"}})));
  matcher.Attach(1, 0, 0, "x");
  matcher.Attach(2, 0, 1, "y");
  CHECK(Fired(matcher, "running-job-1") == "1:2");
  CHECK(Fired(matcher, "removed-job-1") == "");
  CHECK(Fired(matcher, "running-job-1") == "");
}

TEST_CASE("context: a label that is any text still asks for one") {
  Matcher matcher;
  RuleText rule = ParseRule(1, "running-job-x*");
  rule.terms[0].label = "*";
  REQUIRE(matcher.Load(ProgramBuilder().Rule(rule).Bytes()));
  matcher.Attach(1, 0, 9, "a");
  matcher.Attach(2, 0, 9, "");
  CHECK(Fired(matcher, "running-job-1") == "1:2");
  CHECK(Fired(matcher, "running-job-2") == "");
}

TEST_CASE("context: global events have owner 0") {
  Matcher matcher;
  REQUIRE(matcher.Load(ProgramOf(
      {{1, "globaltime-5"}, {2, "globaltime-* | globalrepeat-5-*"}, {3, "globaltime-5 & globalrepeat-9-1"}})));
  CHECK(Fired(matcher, "globaltime-5") == "1:0 2:0");
  CHECK(Fired(matcher, "globalrepeat-5-60") == "2:0");
  CHECK(matcher.Stats().memories == 1);
  CHECK(Fired(matcher, "globalrepeat-9-1") == "3:0");
  CHECK(matcher.Stats().memories == 0);
}

TEST_CASE("context: relations are found by rules that are loaded after the jobs were attached") {
  Matcher matcher;
  REQUIRE(matcher.Load(ProgramOf({{1, "complete-job-self"}})));
  matcher.Attach(1, 0, 0, "a");
  matcher.Attach(2, 1, 1, "b");
  matcher.Attach(3, 1, 1, "c");
  matcher.Detach(3);
  CHECK(Fired(matcher, "complete-job-1") == "1:1");
  REQUIRE(matcher.Load(ProgramOf({{1, "complete-job-parent"}, {2, "complete-job-a"}})));
  CHECK(Fired(matcher, "complete-job-1") == "1:2 2:2");
  REQUIRE(matcher.Load(ProgramOf({{1, "complete-job-self"}})));
  matcher.Attach(2, 0, 0, "");
  REQUIRE(matcher.Load(ProgramOf({{1, "complete-job-parent"}, {2, "complete-job-a"}})));
  CHECK(Fired(matcher, "complete-job-1") == "");
}

TEST_CASE("attachment: submit attaches after, removed detaches behind the match") {
  Matcher matcher;
  REQUIRE(matcher.Load(ProgramOf({{1, "removed-job-self"}, {2, "submit-job-self"}, {3, "removed-job-parent"}})));
  matcher.Attach(5, 6, 0, "");
  CHECK(Fired(matcher, "submit-job-5") == "2:5");
  CHECK(Fired(matcher, "submit-job-6") == "2:6");
  CHECK(matcher.Stats().attached_jobs == 2);
  CHECK(Fired(matcher, "submit-work-7-1") == "");
  CHECK(matcher.Stats().attached_jobs == 2);
  CHECK(Fired(matcher, "removed-job-6") == "1:6 3:5");
  CHECK(matcher.Stats().attached_jobs == 1);
  CHECK(Fired(matcher, "removed-work-5-1") == "");
  CHECK(matcher.Stats().attached_jobs == 1);
  CHECK(Fired(matcher, "removed-job-5") == "1:5");
  CHECK(Fired(matcher, "removed-job-5") == "1:5");
  CHECK(matcher.Stats().attached_jobs == 0);
}

}  // namespace ucb::trigger::test
