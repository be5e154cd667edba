#include <cstdint>
#include <random>
#include <string>
#include <string_view>

#include "core/trigger/byte_scan.h"
#include "core/trigger/event_text.h"
#include "core/trigger/padded_text.h"
#include "doctest/doctest.h"

namespace ucb::trigger::test {
namespace {

// ParseEvent of a text that stands where more than padding follows it, dashes among that.
bool Parse(std::string_view text, TypedEvent& event) {
  static std::string padded;  // the event's texts point into it
  padded = std::string(text) + "-job-1-" + std::string(kTextPadding, '-');
  return ParseEvent(std::string_view(padded).substr(0, text.size()), event);
}

}  // namespace

TEST_CASE("event text: fields") {
  TypedEvent event;
  REQUIRE(Parse("complete-work-1001-17", event));
  CHECK(event.name == "complete");
  CHECK(event.type == EventType::kWork);
  CHECK(event.job == 1001);
  CHECK(event.extra == "17");

  REQUIRE(Parse("mine-host-7-a-b--c ", event));
  CHECK(event.name == "mine");
  CHECK(event.type == EventType::kHost);
  CHECK(event.extra == "a-b--c ");

  REQUIRE(Parse("submit-job-9007199254740991", event));
  CHECK(event.job == kMaxJobId);
  CHECK(event.extra.empty());

  REQUIRE(Parse("submit-job-3-", event));
  CHECK(event.extra.empty());

  REQUIRE(Parse("a-subjob-00000000000000000000000000000000042-x", event));
  CHECK(event.job == 42);

  REQUIRE(Parse("dummy-time-5-700", event));
  CHECK(event.type == EventType::kTime);
  REQUIRE(Parse("dummy-repeat-5-700-60", event));
  CHECK(event.type == EventType::kRepeat);
  CHECK(event.extra == "700-60");
}

TEST_CASE("event text: fields of every length") {
  for (std::size_t name = 1; name < 40; ++name) {
    for (std::size_t digits = 1; digits <= 16; ++digits) {
      for (const std::size_t extra : {0U, 1U, 7U, 16U, 40U}) {
        const std::string id = std::string("1234567890123456").substr(0, digits);
        const std::string rest = std::string(extra, '-');
        const std::string text = std::string(name, 'n') + "-subjob-" + id + (rest.empty() ? "" : "-" + rest);
        CAPTURE(text);
        TypedEvent event;
        REQUIRE(Parse(text, event));
        CHECK(event.name == std::string(name, 'n'));
        CHECK(event.type == EventType::kSubjob);
        CHECK(event.job == std::stoull(id));
        CHECK(event.extra == rest);
      }
    }
  }
}

TEST_CASE("event text: a byte that is no digit makes no job id, wherever it stands") {
  for (std::size_t digits = 1; digits <= 12; ++digits) {
    for (std::size_t at = 0; at < digits; ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string id(digits, '1');
        id[at] = static_cast<char>(byte);
        const bool is_digit = byte >= '0' && byte <= '9';
        if (byte == '-') continue;
        TypedEvent event;
        CHECK(Parse("complete-job-" + id, event) == (is_digit && std::stoull(id) != 0));
      }
    }
  }
}

TEST_CASE("event text: dashes are found in both ways") {
  std::mt19937 random(1);
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    uint32_t expected = 0;
    for (uint32_t i = 0; i < 32; ++i) {
      const char letter = "-,.\xAD\x2D\0\xFF\x80"[random() % 8];
      text += letter;
      if (letter == '-') expected |= 1U << i;
    }
    CHECK(BytesEqual(text.data(), '-') == expected);
    CHECK(BytesEqualPortable(text.data(), '-') == expected);
  }
}

TEST_CASE("event text: global time events have no name and no job") {
  TypedEvent event;
  REQUIRE(Parse("globaltime-5", event));
  CHECK(event.name.empty());
  CHECK(event.type == EventType::kGlobalTime);
  CHECK(event.job == 0);
  CHECK(event.extra == "5");
  REQUIRE(Parse("globalrepeat-5-60", event));
  CHECK(event.type == EventType::kGlobalRepeat);
  CHECK(event.extra == "5-60");
}

TEST_CASE("event text: malformed") {
  TypedEvent event;
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
    CHECK_FALSE(Parse(text, event));
  }
  CHECK_FALSE(Parse(std::string("complete-job-5\0", 15), event));
  for (const char* type : {"job", "subjob", "work", "host", "time", "repeat"}) {
    for (std::size_t count = 1; count < 6; ++count) {
      CAPTURE(type);
      CHECK_FALSE(Parse("complete-" + std::string(type) + std::string(count, '\0') + "-5", event));
    }
  }
}

}  // namespace ucb::trigger::test
