#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "core/trigger/event_lines.h"
#include "core/trigger/matcher.h"
#include "core/trigger/utf8.h"
#include "doctest/doctest.h"
#include "trigger_program_builder.h"

namespace ucb::trigger::test {
namespace {

// Bytes behind which nothing can be read, as sanitizers see it.
class Exact {
 public:
  explicit Exact(std::string_view text) : size_(text.size()), bytes_(std::make_unique<char[]>(text.size())) {
    std::copy(text.begin(), text.end(), bytes_.get());
  }
  std::string_view view() const { return {bytes_.get(), size_}; }

 private:
  std::size_t size_;
  std::unique_ptr<char[]> bytes_;
};

std::vector<std::string> LinesOf(std::string_view text, std::size_t from = 0) {
  const Exact bytes(text);
  EventLines lines;
  lines.Read(bytes.view(), from);
  std::vector<std::string> found;
  for (EventLines::Line line; lines.Next(line);) {
    CHECK((line.text == text.substr(line.start, line.end - line.start) || !IsUtf8(text)));
    found.emplace_back(line.text);
  }
  CHECK(lines.position() >= text.size());
  return found;
}

// All entries of a batch, read so many at a time, as `line:callback:owner`.
std::string Batch(Matcher& matcher, std::string_view text, std::size_t enough = 1000, bool lifecycle = false) {
  const Exact bytes(text);
  BatchResult result;
  std::string written;
  std::size_t events = 0;
  for (std::size_t at = 0; at < text.size(); at = result.next) {
    matcher.MatchBatch(bytes.view(), at, enough, lifecycle, result);
    CHECK(result.next > at);
    events += result.events;
    for (const BatchEntry& entry : result.entries) {
      written += std::string(text.substr(entry.start, entry.end - entry.start)) + ":" + std::to_string(entry.callback) +
                 ":" + std::to_string(entry.owner) + " ";
    }
  }
  return written + std::to_string(events);
}

}  // namespace

TEST_CASE("lines: end with a newline, a carriage return before it, or the bytes; empty ones are none") {
  using List = std::vector<std::string>;
  CHECK(LinesOf("").empty());
  CHECK(LinesOf("\n\r\n\n").empty());
  CHECK(LinesOf("a") == List{"a"});
  CHECK(LinesOf("a\r") == List{"a"});
  CHECK(LinesOf("a\r\r\nb\rc\n\n\nd\n") == List{"a\r", "b\rc", "d"});
  CHECK(LinesOf("ab\ncd", 1) == List{"b", "cd"});
  CHECK(LinesOf("ab\ncd", 2) == List{"cd"});
  CHECK(LinesOf("ab", 2).empty());
  for (std::size_t length = 1; length < 200; ++length) {
    const std::string one(length, 'x');
    CHECK(LinesOf(one) == List{one});
    CHECK(LinesOf(one + "\n" + one + "\r\n" + one + "\n") == List{one, one, one});
  }
}

TEST_CASE("lines: what is no UTF-8 is read as a decoder would") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"\xC3\xA9", "\xC3\xA9"},
      {"\xF0\x9F\x98\x80", "\xF0\x9F\x98\x80"},
      {"\xFF", "\xEF\xBF\xBD"},
      {"\x80\x80", "\xEF\xBF\xBD\xEF\xBF\xBD"},
      {"\xC3", "\xEF\xBF\xBD"},
      {"\xC0\xAF", "\xEF\xBF\xBD\xEF\xBF\xBD"},
      {"\xE0\x80\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
      {"\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
      {"\xF0\x9F\x98", "\xEF\xBF\xBD"},
      {"\xF0\x9F\x98x", "\xEF\xBF\xBDx"},
      {"\xE2\x82x\xF4\x90\x80\x80", "\xEF\xBF\xBDx\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
  };
  for (const auto& [bytes, text] : cases) {
    CAPTURE(bytes);
    CHECK(RepairUtf8(bytes) == text);
    CHECK(IsUtf8(bytes) == (bytes == text));
    const std::string padding(40, 'y');
    CHECK(LinesOf(padding + bytes + "\n" + bytes) == std::vector<std::string>{padding + text, text});
  }
}

TEST_CASE("batch: tells what each line fires, and which are none") {
  Matcher matcher;
  REQUIRE(matcher.Load(ProgramOf({{1, "a-job-self"}, {2, "a-job-parent"}, {3, "*-work-self-1*"}})));
  matcher.Attach(8, 7, 0, "");
  matcher.Attach(9, 7, 0, "");
  for (const std::size_t enough : {1U, 2U, 3U, 1000U}) {
    CAPTURE(enough);
    CHECK(Batch(matcher, "a-job-7\nb-job-7\n\nnonsense\r\nx-work-5-17\na-job-8", enough) ==
          "a-job-7:1:7 a-job-7:2:8 a-job-7:2:9 nonsense:-1:0 x-work-5-17:3:5 a-job-8:1:8 4");
  }
  CHECK(Batch(matcher, "") == "0");
  CHECK(Batch(matcher, "\n\r\n") == "0");
}

TEST_CASE("batch: jobs come and go in its midst") {
  Matcher matcher;
  REQUIRE(matcher.Load(ProgramOf({{1, "a-job-self & b-job-self"}, {2, "*-job-render"}, {3, "removed-job-self"}})));
  matcher.Attach(5, 0, 4, "render");
  CHECK(Batch(matcher, "submit-job-4\na-job-5\na-job-4\nremoved-job-4\na-job-5\nb-job-4\nb-job-5", 1000, true) ==
        "submit-job-4:-2:4 a-job-5:2:4 removed-job-4:3:4 removed-job-4:-3:4 b-job-5:1:5 7");
  CHECK(matcher.Stats().attached_jobs == 1);
  CHECK(matcher.Stats().memories == 1);
}

TEST_CASE("batch: answers as one event at a time, whatever stands between") {
  std::mt19937 engine(7);
  const auto below = [&engine](uint32_t limit) { return static_cast<uint32_t>(engine() % limit); };
  const std::vector<std::string> names = {"a",       "b", "complete", "submit", "removed", "averyveryverylongname",
                                          "\xC3\xA9"};
  const std::vector<std::string> types = {"job", "job", "work", "host", "nonsense"};
  const std::vector<std::string> extras = {"",      "-1",       "-17", "-a-very-long-extra-beyond-thirty-two-bytes",
                                           "-\xFF", "-\xC3\xA9"};
  ProgramBuilder builder;
  uint32_t callback = 0;
  for (const char* rule :
       {"a-job-self", "*-work-self-1*", "a-job-self & b-job-self", "done-job-parent", "*-job-render & b-job-self",
        "averyveryverylongname-*-self", "*-work-3-17", "a-work-self-\xC3\xA9", "*-*-self-*\xEF\xBF\xBD",
        "submit-job-r*", "removed-job-self", "*-host-self-a-very-long-extra-beyond-thirty-two-bytes"}) {
    builder.Rule(++callback, rule);
  }
  for (int round = 0; round < 60; ++round) {
    Matcher one;
    Matcher other;
    REQUIRE(one.Load(builder.Bytes()));
    REQUIRE(other.Load(builder.Bytes()));
    for (uint64_t id = 1; id <= 4; ++id) {
      const uint64_t pid = below(4);
      const uint64_t group = 1 + below(2);
      const std::string label = below(2) == 0 ? "render" : "r";
      one.Attach(id, pid, group, label);
      other.Attach(id, pid, group, label);
    }
    std::string text;
    std::string expected;
    std::size_t events = 0;
    for (uint32_t line = below(150); line > 0; --line) {
      std::string event = names[below(7)] + "-" + types[below(5)] + "-" + std::to_string(below(6)) + extras[below(6)];
      if (below(10) == 0) event.clear();
      text += event + (below(4) == 0 ? "\r\n" : "\n");
      if (event.empty()) continue;
      const std::ptrdiff_t count = one.Match(RepairUtf8(event));
      if (count == Matcher::kMalformed) expected += event + ":-1:0 ";
      events += count == Matcher::kMalformed ? 0 : 1;
      for (const Firing& firing : one.results()) {
        expected += event + ":" + std::to_string(firing.callback) + ":" + std::to_string(firing.owner) + " ";
      }
    }
    CHECK(Batch(other, text, 1 + below(20)) == expected + std::to_string(events));
    CHECK(one.Stats().memories == other.Stats().memories);
    CHECK(one.Stats().attached_jobs == other.Stats().attached_jobs);
  }
}

}  // namespace ucb::trigger::test
