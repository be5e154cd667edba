#include <malloc.h>

#include <cstdint>
#include <string>

#include "core/trigger/matcher.h"
#include "doctest/doctest.h"
#include "trigger_firing_text.h"
#include "trigger_program_builder.h"

namespace ucb::trigger::test {
namespace {

std::size_t HeapBytes() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

// A sanitizer's allocator does not answer mallinfo2.
bool HeapIsCounted() {
  const std::size_t before = HeapBytes();
  const std::string probe(1 << 20, 'x');
  return HeapBytes() >= before + probe.size();
}

}  // namespace

TEST_CASE("scale: 100,000 rules in less than 110 bytes each, and each is found") {
  constexpr uint32_t kCount = 100000;
  const auto text = [](uint32_t i) {
    const std::string number = std::to_string(i);
    switch (i % 5) {
      case 0:
        return "complete-work-self-shot" + number;
      case 1:
        return "failed-work-self-shot" + number + "*";
      case 2:
        return "done-job-" + number;
      case 3:
        return "site" + number + "-job-self";
      default:
        return "complete-work-self-geo" + number + " & complete-work-self-tex" + number;
    }
  };
  Matcher matcher;
  const std::size_t before = HeapBytes();
  {
    ProgramBuilder builder;
    for (uint32_t i = 0; i < kCount; ++i) builder.Rule(i, text(i));
    REQUIRE(matcher.Load(builder.Bytes()));
  }
  const std::size_t bytes = matcher.Stats().bytes;
  MESSAGE("bytes a rule: " << static_cast<double>(bytes) / kCount);
  CHECK(bytes < kCount * std::size_t{110});
  if (HeapIsCounted()) {
    const std::size_t grown = HeapBytes() - before;
    CHECK(grown < bytes + bytes / 50);
    CHECK(grown > bytes - bytes / 50);
  }
  for (uint32_t i = 0; i < kCount; i += 997) {
    const std::string number = std::to_string(i);
    const std::string expected = std::to_string(i) + ":" + (i % 5 == 2 ? number : "5");
    switch (i % 5) {
      case 0:
        CHECK(Fired(matcher, "complete-work-5-shot" + number) == expected);
        CHECK(Fired(matcher, "complete-work-5-shot" + number + "x") == "");
        break;
      case 1:
        CHECK(Fired(matcher, "failed-work-5-shot" + number + "x").find(expected) != std::string::npos);
        break;
      case 2:
        CHECK(Fired(matcher, "killed-job-" + number) == expected);
        break;
      case 3:
        CHECK(Fired(matcher, "site" + number + "-job-5") == expected);
        break;
      default:
        CHECK(Fired(matcher, "complete-work-5-geo" + number) == "");
        CHECK(Fired(matcher, "complete-work-5-tex" + number) == expected);
        break;
    }
  }
}

TEST_CASE("scale: 1,000,000 attached jobs, each with a memory, in less than 64 bytes each") {
  constexpr uint32_t kCount = 1000000;
  Matcher matcher;
  REQUIRE(matcher.Load(ProgramOf({{1, "complete-job-self & failed-job-self"}})));
  const std::size_t before = HeapBytes();
  for (uint32_t i = 1; i <= kCount; ++i) {
    const std::string id = std::to_string(100000 + i);
    matcher.Match("submit-job-" + id);
    matcher.Match("complete-job-" + id);
  }
  const MatcherStats stats = matcher.Stats();
  CHECK(stats.attached_jobs == kCount);
  CHECK(stats.memories == kCount);
  MESSAGE("bytes a job: " << static_cast<double>(stats.bytes) / kCount);
  CHECK(stats.bytes < kCount * std::size_t{64});
  if (HeapIsCounted()) {
    const std::size_t grown = HeapBytes() - before;
    CHECK(grown < stats.bytes + stats.bytes / 50);
    CHECK(grown > stats.bytes - stats.bytes / 50);
  }
  CHECK(Fired(matcher, "failed-job-600000") == "1:600000");
  CHECK(Fired(matcher, "removed-job-600001") == "");
  CHECK(Fired(matcher, "failed-job-600001") == "");
}

TEST_CASE("scale: one event fires 100,000 callbacks, and all jobs of a group") {
  Matcher matcher;
  ProgramBuilder builder;
  for (uint32_t i = 0; i < 100000; ++i) builder.Rule(99999 - i, "complete-job-self");
  builder.Rule(100000, "failed-job-lead");
  REQUIRE(matcher.Load(builder.Bytes()));
  REQUIRE(matcher.Match("complete-job-3") == 100000);
  for (uint32_t i = 0; i < 100000; i += 1000) CHECK(matcher.results()[i] == Firing{i, 3});
  for (uint64_t id = 20000; id > 1; --id) matcher.Attach(id, 0, 1, "");
  matcher.Attach(1, 0, 0, "lead");
  REQUIRE(matcher.Match("failed-job-1") == 19999);
  CHECK(matcher.results()[0] == Firing{100000, 2});
  CHECK(matcher.results()[19998] == Firing{100000, 20000});
}

}  // namespace ucb::trigger::test
