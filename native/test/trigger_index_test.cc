#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>

#include "core/trigger/matcher.h"
#include "core/trigger/print_group.h"
#include "doctest/doctest.h"
#include "trigger_firing_text.h"
#include "trigger_fresh_match.h"
#include "trigger_program_builder.h"

namespace ucb::trigger::test {

TEST_CASE("index: bytes of a group are compared in both ways") {
  std::mt19937 random(3);
  for (int round = 0; round < 2000; ++round) {
    PrintGroup group;
    const auto print = static_cast<uint8_t>(random() % 4 * 85);
    uint32_t expected = 0;
    for (uint32_t i = 0; i < PrintGroup::kPrints; ++i) {
      group.prints[i] = static_cast<uint8_t>(random() % 4 * 85);
      if (group.prints[i] == print) expected |= 1U << i;
    }
    group.start = 0x01010101U * print;
    CHECK(PrintsEqual(group, print) == expected);
    CHECK(PrintsEqualPortable(group, print) == expected);
  }
}

TEST_CASE("index: each of thousands of names is found, of any length, and nothing that resembles it") {
  constexpr uint32_t kCount = 3000;
  const auto name = [](uint32_t i) { return std::string(i % 40, 'n') + std::to_string(i); };
  ProgramBuilder builder;
  for (uint32_t i = 0; i < kCount; ++i) builder.Rule(i, name(i) + (i % 2 == 0 ? "-work-self-7" : "-job-self"));
  builder.Rule(kCount, "*-host-self");
  Matcher matcher;
  REQUIRE(matcher.Load(builder.Bytes()));
  for (uint32_t i = 0; i < kCount; ++i) {
    const std::string right = name(i) + (i % 2 == 0 ? "-work-5-7" : "-job-5");
    const std::string other = name(i) + (i % 2 == 0 ? "-subjob-5-7" : "-repeat-5");
    CHECK(Fired(matcher, right) == std::to_string(i) + ":5");
    CHECK(Fired(matcher, other) == "");
    CHECK(Fired(matcher, "x" + right) == "");
    CHECK(Fired(matcher, name(i) + std::string(1, '\0') + right.substr(name(i).size())) == "");
    CHECK(Fired(matcher, name(i) + "-host-5") == std::to_string(kCount) + ":5");
    CHECK(Fired(matcher, name(i) + "-works-5-7") == "malformed");
    CHECK(Fired(matcher, name(i) + "-work") == "malformed");
  }
}

TEST_CASE("index: extras of any length are told from those that begin or end like them") {
  ProgramBuilder builder;
  const auto extra = [](std::size_t size) { return std::string("abcdefghijklmnopqrstuvwxyz").substr(0, size); };
  for (uint32_t size = 0; size <= 26; ++size) {
    const std::string tail = size == 0 ? "" : "-" + extra(size);
    builder.Rule(size, "complete-work-self" + tail).Rule(100 + size, "complete-work-12" + tail);
  }
  Matcher matcher;
  REQUIRE(matcher.Load(builder.Bytes()));
  CHECK(Fired(matcher, "complete-work-12-" + std::string(256, 'a')) == "");
  for (uint32_t size = 0; size <= 26; ++size) {
    const std::string tail = size == 0 ? "" : "-" + extra(size);
    CHECK(Fired(matcher, "complete-work-12" + tail) ==
          std::to_string(size) + ":12 " + std::to_string(100 + size) + ":12");
    CHECK(Fired(matcher, "complete-work-13" + tail) == std::to_string(size) + ":13");
    if (size == 0) continue;
    CHECK(Fired(matcher, "complete-work-12" + tail.substr(0, size) + "!") == "");
    CHECK(Fired(matcher, "complete-work-12-" + std::string(1, '\0') + tail.substr(2)) == "");
    CHECK(Fired(matcher, "complete-work-12" + tail + std::string(1, '\0')) == "");
  }
}

TEST_CASE("index: few terms of a name and type fire in order, each callback once") {
  for (uint32_t more = 0; more < 4; ++more) {
    ProgramBuilder builder;
    builder.Rule(9, "complete-work-self-a").Rule(2, "complete-work-7-*").Rule(9, "complete-work-7-a");
    for (uint32_t i = 0; i < more; ++i) builder.Rule(5 + i, "*-work-" + std::to_string(7 + i) + "-*");
    Matcher matcher;
    REQUIRE(matcher.Load(builder.Bytes()));
    const std::string others = more == 0 ? "" : " 5:7";
    CHECK(Fired(matcher, "complete-work-7-a") == "2:7" + others + " 9:7");
    CHECK(Fired(matcher, "complete-work-7-b") == "2:7" + others);
    CHECK(Fired(matcher, "complete-work-77-a") == "9:77");
    CHECK(Fired(matcher, "failed-work-7-a") == std::string(more == 0 ? "" : "5:7"));
    CHECK(Fired(matcher, "complete-work-77") == "");
  }
}

TEST_CASE("index: a text that has just been written is taken apart as any other") {
  ProgramBuilder builder;
  for (uint32_t i = 0; i < 30; ++i) {
    builder.Rule(i, std::string(i % 10 + 1, 'n') + "-subjob-" + (i % 3 == 0 ? "self" : "123456789") + "-" +
                        std::string(i % 12 + 1, 'x'));
  }
  for (const char* other : {"*-work-5-*y", "submit-job-self", "complete-job-self-7 & failed-job-self"}) {
    builder.Rule(99, other);
  }
  Matcher padded;
  Matcher fresh;
  REQUIRE(padded.Load(builder.Bytes()));
  REQUIRE(fresh.Load(builder.Bytes()));
  std::mt19937 random(11);
  const auto below = [&](std::size_t limit) { return static_cast<std::size_t>(random() % limit); };
  std::size_t fired = 0;
  for (int round = 0; round < 20000; ++round) {
    const std::string name = random() % 4 == 0 ? "complete" : std::string(below(12), 'n');
    const char* const type = random() % 4 == 0 ? "job" : "subjob";
    const std::string job = random() % 2 == 0 ? "123456789" : std::to_string(random());
    std::string text = name + "-" + type + "-" + job + "-" + std::string(below(14), 'x');
    text.resize(std::min<std::size_t>(text.size(), FreshText::kMost - below(3)));
    CAPTURE(text);
    const std::ptrdiff_t count = padded.Match(text);
    REQUIRE(MatchFreshly(fresh, text) == count);
    if (count <= 0) continue;
    REQUIRE(std::equal(padded.results().begin(), padded.results().end(), fresh.results().begin()));
    ++fired;
  }
  CHECK(fired > 300);
}

TEST_CASE("index: rules that many shares fall together are all found") {
  // So many rules that some groups are bound to have more of them than they have bytes.
  constexpr uint32_t kCount = 60000;
  ProgramBuilder builder;
  for (uint32_t i = 0; i < kCount; ++i)
    builder.Rule(i, "complete-job-" + std::to_string(i + 1) + "-" + std::to_string(i % 7));
  Matcher matcher;
  REQUIRE(matcher.Load(builder.Bytes()));
  for (uint32_t i = 0; i < kCount; ++i) {
    const std::string event = "complete-job-" + std::to_string(i + 1) + "-";
    CHECK(Fired(matcher, event + std::to_string(i % 7)) == std::to_string(i) + ":" + std::to_string(i + 1));
    CHECK(Fired(matcher, event + "8") == "");
  }
}

}  // namespace ucb::trigger::test
