#include <cstdint>
#include <string>

#include "core/trigger/matcher.h"
#include "doctest/doctest.h"
#include "trigger_firing_text.h"
#include "trigger_program_builder.h"

namespace ucb::trigger::test {

TEST_CASE("memory: an expression becomes true, fires once and forgets") {
  Matcher matcher;
  REQUIRE(matcher.Load(ProgramOf({{1, "complete-job-self & complete-job-parent"}})));
  matcher.Attach(2, 1, 0, "");
  matcher.Attach(3, 1, 0, "");
  CHECK(Fired(matcher, "complete-job-2") == "");
  CHECK(matcher.Stats().memories == 1);
  CHECK(Fired(matcher, "complete-job-2") == "");
  CHECK(Fired(matcher, "complete-job-1") == "1:2");
  CHECK(matcher.Stats().memories == 2);  // of job 3 its parent's, of job 1 its own
  CHECK(Fired(matcher, "complete-job-1") == "");
  CHECK(Fired(matcher, "complete-job-3") == "1:3");
  CHECK(Fired(matcher, "complete-job-2") == "1:2");
}

TEST_CASE("memory: all terms of an occurrence have happened before the expression is looked at") {
  Matcher matcher;
  REQUIRE(matcher.Load(ProgramOf(
      {{1, "complete-job-self & done-job-self"}, {2, "complete-job-self | ( done-job-self & failed-job-self )"}})));
  CHECK(Fired(matcher, "complete-job-1") == "1:1 2:1");
  CHECK(matcher.Stats().memories == 0);
  CHECK(Fired(matcher, "killed-job-1") == "");
  CHECK(matcher.Stats().memories == 2);
  CHECK(Fired(matcher, "failed-job-1") == "2:1");
}

TEST_CASE("memory: or branches are remembered and forgotten with the rest") {
  Matcher matcher;
  REQUIRE(matcher.Load(ProgramOf({{1, "( a-job-self & b-job-self ) | c-job-self"}})));
  CHECK(Fired(matcher, "a-job-1") == "");
  CHECK(Fired(matcher, "c-job-1") == "1:1");
  CHECK(Fired(matcher, "b-job-1") == "");
  CHECK(Fired(matcher, "a-job-1") == "1:1");
}

TEST_CASE("memory: goes with its owner's removal, attached or not") {
  Matcher matcher;
  REQUIRE(matcher.Load(ProgramOf({{1, "a-job-self & b-job-self"}, {2, "a-job-7 & b-job-self"}})));
  CHECK(Fired(matcher, "a-job-7") == "");
  CHECK(Fired(matcher, "a-job-8") == "");
  CHECK(matcher.Stats().memories == 3);
  CHECK(matcher.Stats().attached_jobs == 0);
  CHECK(Fired(matcher, "removed-job-7") == "");
  CHECK(matcher.Stats().memories == 1);
  CHECK(Fired(matcher, "b-job-7") == "");
  matcher.Attach(8, 0, 0, "");
  CHECK(matcher.Stats().memories == 3);
  matcher.Detach(8);
  CHECK(matcher.Stats().memories == 2);
  CHECK(Fired(matcher, "b-job-8") == "");
}

TEST_CASE("memory: removed can complete an expression") {
  Matcher matcher;
  REQUIRE(matcher.Load(ProgramOf({{1, "a-job-self & removed-job-self"}, {2, "removed-job-self & b-job-self"}})));
  CHECK(Fired(matcher, "a-job-5") == "");
  CHECK(Fired(matcher, "removed-job-5") == "1:5");
  CHECK(matcher.Stats().memories == 0);
  CHECK(Fired(matcher, "b-job-5") == "");
  CHECK(Fired(matcher, "a-job-5") == "");
  CHECK(matcher.Stats().memories == 2);
}

TEST_CASE("memory: attaching again keeps it") {
  Matcher matcher;
  REQUIRE(matcher.Load(ProgramOf({{1, "a-job-self & b-job-self"}})));
  matcher.Attach(1, 0, 0, "x");
  CHECK(Fired(matcher, "a-job-1") == "");
  matcher.Attach(1, 2, 3, "y");
  CHECK(Fired(matcher, "submit-job-1") == "");
  CHECK(Fired(matcher, "b-job-1") == "1:1");
}

TEST_CASE("memory: more than 64 terms") {
  Matcher matcher;
  std::string text = "e0-job-self";
  for (int i = 1; i < 200; ++i) text += " & e" + std::to_string(i) + "-job-self";
  text += " | x-job-self";
  REQUIRE(matcher.Load(ProgramOf({{1, text}, {2, "e130-job-self & e0-job-self"}})));
  for (int round = 0; round < 2; ++round) {
    for (int i = 199; i > 0; --i) {
      CHECK(Fired(matcher, "e" + std::to_string(i) + "-job-5") == "");
      CHECK(matcher.Stats().memories == (i <= 130 ? 2 : 1));
    }
    CHECK(Fired(matcher, "e0-job-5") == "1:5 2:5");
    CHECK(matcher.Stats().memories == 0);
  }
  CHECK(Fired(matcher, "e150-job-5") == "");
  CHECK(Fired(matcher, "e70-job-5") == "");
  CHECK(Fired(matcher, "x-job-5") == "1:5");
  CHECK(matcher.Stats().memories == 0);
  CHECK(Fired(matcher, "e150-job-5") == "");
  CHECK(Fired(matcher, "removed-job-5") == "");
  CHECK(matcher.Stats().memories == 0);
}

TEST_CASE("reload: unchanged rules keep their memories wherever they move") {
  Matcher matcher;
  std::string long_text = "e0-job-self";
  for (int i = 1; i < 100; ++i) long_text += " & e" + std::to_string(i) + "-job-self";
  REQUIRE(matcher.Load(ProgramBuilder()
                           .Rule(1, "a-job-self & b-job-self", 11)
                           .Rule(2, long_text, 12)
                           .Rule(3, "a-job-self & c-job-self", 13)
                           .Bytes()));
  CHECK(Fired(matcher, "a-job-5") == "");
  for (int i = 0; i < 99; ++i) CHECK(Fired(matcher, "e" + std::to_string(i) + "-job-5") == "");
  CHECK(matcher.Stats().memories == 3);
  REQUIRE(matcher.Load(ProgramBuilder()
                           .Rule(0, "x-job-self & y-job-self", 10)
                           .Rule(8, long_text, 12)
                           .Rule(9, "a-job-self & b-job-self", 11)
                           .Bytes()));
  CHECK(matcher.Stats().memories == 2);
  CHECK(Fired(matcher, "e99-job-5") == "8:5");
  CHECK(Fired(matcher, "b-job-5") == "9:5");
  CHECK(matcher.Stats().memories == 0);
  REQUIRE(matcher.Load(ProgramBuilder().Bytes()));
  CHECK(matcher.Stats().memories == 0);
}

TEST_CASE("reload: the same key with another count of terms is another rule") {
  Matcher matcher;
  REQUIRE(matcher.Load(ProgramBuilder().Rule(1, "a-job-self & b-job-self", 11).Bytes()));
  CHECK(Fired(matcher, "a-job-5") == "");
  REQUIRE(matcher.Load(ProgramBuilder().Rule(1, "a-job-self & b-job-self & c-job-self", 11).Bytes()));
  CHECK(matcher.Stats().memories == 0);
}

TEST_CASE("reload: a rule written twice remembers once") {
  Matcher matcher;
  const std::string text = "a-job-self & b-job-self";
  REQUIRE(matcher.Load(ProgramBuilder().Rule(1, text, 11).Bytes()));
  CHECK(Fired(matcher, "a-job-5") == "");
  REQUIRE(matcher.Load(ProgramBuilder().Rule(1, text, 11).Rule(1, text, 11).Bytes()));
  CHECK(matcher.Stats().rules == 2);
  CHECK(matcher.Stats().memories == 1);
  CHECK(Fired(matcher, "b-job-5") == "1:5");
  CHECK(matcher.Stats().memories == 0);
  CHECK(Fired(matcher, "a-job-5") == "");
  CHECK(matcher.Stats().memories == 1);
  REQUIRE(matcher.Load(ProgramBuilder().Rule(1, text, 11).Bytes()));
  CHECK(Fired(matcher, "b-job-5") == "1:5");
}

TEST_CASE("memory: what was freed is used again") {
  Matcher matcher;
  REQUIRE(matcher.Load(ProgramOf({{1, "a-job-self & b-job-self"}})));
  const auto round = [&matcher] {
    for (uint64_t id = 1; id <= 5000; ++id) matcher.Match("a-job-" + std::to_string(id));
    REQUIRE(matcher.Stats().memories == 5000);
    const std::size_t full = matcher.Stats().bytes;
    for (uint64_t id = 1; id <= 5000; ++id) {
      matcher.Match((id % 2 == 0 ? "b-job-" : "removed-job-") + std::to_string(id));
    }
    REQUIRE(matcher.Stats().memories == 0);
    return full;
  };
  const std::size_t empty = matcher.Stats().bytes;
  const std::size_t first = round();
  for (int i = 0; i < 5; ++i) CHECK(round() < first + first / 8);
  CHECK(matcher.Stats().bytes < empty + 64 * 1024);
}

}  // namespace ucb::trigger::test
