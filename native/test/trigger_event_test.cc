#include <string>

#include "core/trigger/event_text.h"
#include "doctest/doctest.h"

namespace ucb::trigger::test {

TEST_CASE("event text: fields") {
  Event event;
  REQUIRE(ParseEvent("complete-work-1001-17", event));
  CHECK(event.name == "complete");
  CHECK(event.type == EventType::kWork);
  CHECK(event.job == 1001);
  CHECK(event.extra == "17");

  REQUIRE(ParseEvent("mine-host-7-a-b--c ", event));
  CHECK(event.name == "mine");
  CHECK(event.type == EventType::kHost);
  CHECK(event.extra == "a-b--c ");

  REQUIRE(ParseEvent("submit-job-9007199254740991", event));
  CHECK(event.job == kMaxJobId);
  CHECK(event.extra.empty());

  REQUIRE(ParseEvent("submit-job-3-", event));
  CHECK(event.extra.empty());

  REQUIRE(ParseEvent("a-subjob-00000000000000000000000000000000042-x", event));
  CHECK(event.job == 42);

  REQUIRE(ParseEvent("dummy-time-5-700", event));
  CHECK(event.type == EventType::kTime);
  REQUIRE(ParseEvent("dummy-repeat-5-700-60", event));
  CHECK(event.type == EventType::kRepeat);
  CHECK(event.extra == "700-60");
}

TEST_CASE("event text: global time events have no name and no job") {
  Event event;
  REQUIRE(ParseEvent("globaltime-5", event));
  CHECK(event.name.empty());
  CHECK(event.type == EventType::kGlobalTime);
  CHECK(event.job == 0);
  CHECK(event.extra == "5");
  REQUIRE(ParseEvent("globalrepeat-5-60", event));
  CHECK(event.type == EventType::kGlobalRepeat);
  CHECK(event.extra == "5-60");
}

TEST_CASE("event text: malformed") {
  Event event;
  for (const char* text : {"",
                           "-",
                           "complete",
                           "complete-",
                           "complete-job",
                           "complete-job-",
                           "-job-5",
                           "complete--5",
                           "complete-jobs-5",
                           "complete-Job-5",
                           "complete-tim-5",
                           "complete-tima-5",
                           "complete-hest-5",
                           "complete-wark-5",
                           "complete-repeit-5",
                           "complete-subjab-5",
                           "complete-job-0",
                           "complete-job-00",
                           "complete-job--5",
                           "complete-job-+5",
                           "complete-job-5x",
                           "complete-job- 5",
                           "complete-job-5 ",
                           "complete-job-1e3",
                           "complete-job-9007199254740992",
                           "complete-job-18446744073709551617",
                           "complete-job-99999999999999999999999999",
                           "globaltime",
                           "globaltime-",
                           "globalrepeat",
                           "globalrepeat-",
                           "complete-job-\xC2\xB2"}) {
    CAPTURE(text);
    CHECK_FALSE(ParseEvent(text, event));
  }
  CHECK_FALSE(ParseEvent(std::string("complete-job-5\0", 15), event));
}

}  // namespace ucb::trigger::test
