#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/trigger/matcher.h"
#include "doctest/doctest.h"
#include "trigger_firing_text.h"
#include "trigger_program_builder.h"

namespace ucb::trigger::test {
namespace {

using Bytes = std::vector<std::byte>;
using Exports = std::map<uint64_t, Bytes>;

Exports Changed(Matcher& matcher) {
  Exports exports;
  const std::size_t expected = matcher.changed_owners();
  matcher.TakeChangedMemories([&](uint64_t owner, std::span<const std::byte> bytes) {
    CHECK(exports.emplace(owner, Bytes(bytes.begin(), bytes.end())).second);
  });
  CHECK(exports.size() == expected);
  CHECK(matcher.changed_owners() == 0);
  return exports;
}

Exports All(Matcher& matcher, bool one_by_one = false) {
  Exports exports;
  uint32_t cursor = 0;
  do {
    cursor = matcher.VisitMemories(cursor, [&](uint64_t owner, std::span<const std::byte> bytes) {
      CHECK(exports.emplace(owner, Bytes(bytes.begin(), bytes.end())).second);
      return !one_by_one;
    });
  } while (cursor != 0);
  return exports;
}

Bytes Written(const std::vector<uint32_t>& words, std::size_t size) {
  Bytes bytes;
  for (const uint32_t word : words) {
    for (unsigned shift = 0; shift < 32; shift += 8) bytes.push_back(static_cast<std::byte>(word >> shift & 0xFF));
  }
  bytes.resize(size);
  return bytes;
}

constexpr uint32_t kMagic = 0x4D424355;

Bytes ProgramWith(const std::string& text, uint64_t key) {
  return ProgramBuilder().Rule(1, text, key).Bytes();
}

}  // namespace

TEST_CASE("export: nothing is noted until it is asked for, and then each owner once") {
  Matcher matcher;
  REQUIRE(matcher.Load(ProgramOf({{1, "a-job-self & b-job-self & c-job-self"}, {2, "x-job-self"}})));
  CHECK(Fired(matcher, "a-job-1") == "");
  CHECK(matcher.changed_owners() == 0);
  matcher.TrackMemories();
  CHECK(matcher.changed_owners() == 0);
  CHECK(Fired(matcher, "a-job-1") == "");  // known already
  CHECK(Fired(matcher, "x-job-1") == "2:1");
  CHECK(matcher.changed_owners() == 0);
  CHECK(Fired(matcher, "b-job-1") == "");
  CHECK(Fired(matcher, "a-job-2") == "");
  CHECK(Fired(matcher, "b-job-2") == "");
  const Exports changed = Changed(matcher);
  CHECK(changed == All(matcher));
  CHECK(changed.size() == 2);
  CHECK(changed.at(1) == changed.at(2));
  CHECK(Fired(matcher, "c-job-1") == "1:1");
  CHECK(Changed(matcher) == Exports{{1, {}}});
  CHECK(Fired(matcher, "removed-job-1") == "");
  CHECK(Fired(matcher, "removed-job-2") == "");
  matcher.Detach(3);
  CHECK(Changed(matcher) == Exports{{2, {}}});
  CHECK(All(matcher).empty());
}

TEST_CASE("export: what fires at once was never remembered") {
  Matcher matcher;
  matcher.TrackMemories();
  REQUIRE(matcher.Load(ProgramOf({{1, "complete-job-self & done-job-self"}})));
  CHECK(Fired(matcher, "complete-job-1") == "1:1");
  CHECK(matcher.changed_owners() == 0);
}

TEST_CASE("export: what a reload takes away has changed, what it moves has not") {
  Matcher matcher;
  matcher.TrackMemories();
  const std::string text = "a-job-self & b-job-self";
  REQUIRE(matcher.Load(ProgramBuilder().Rule(1, text, 11).Rule(2, "a-job-7 & b-job-self", 12).Bytes()));
  CHECK(Fired(matcher, "a-job-7") == "");
  CHECK(Fired(matcher, "a-job-8") == "");
  CHECK(Changed(matcher).size() == 2);
  REQUIRE(matcher.Load(ProgramBuilder().Rule(9, "x-job-self & b-job-self", 10).Rule(4, text, 11).Bytes()));
  const Exports changed = Changed(matcher);
  CHECK(changed == Exports{{7, All(matcher).at(7)}});
  CHECK(All(matcher).at(7) == All(matcher).at(8));
}

TEST_CASE("export: is written as FORMAT.md says, in order of the keys") {
  Matcher matcher;
  REQUIRE(matcher.Load(ProgramBuilder()
                           .Rule(1, "a-job-self & b-job-self & c-job-self", 0x200000001)
                           .Rule(2, "b-job-self & a-job-self", 5)
                           .Bytes()));
  CHECK(Fired(matcher, "a-job-1") == "");
  CHECK(Fired(matcher, "c-job-1") == "");
  Bytes expected = Written({kMagic, 1, 2, 5, 0, 2}, 24);
  expected.push_back(std::byte{2});
  const Bytes second = Written({1, 2, 3}, 12);
  expected.insert(expected.end(), second.begin(), second.end());
  expected.push_back(std::byte{5});
  CHECK(All(matcher) == Exports{{1, expected}});
}

TEST_CASE("import: another matcher goes on where the first one was") {
  std::string long_text = "e0-job-self";
  for (int i = 1; i < 130; ++i) long_text += " & e" + std::to_string(i) + "-job-self";
  const auto program = [&long_text](bool other_way) {
    ProgramBuilder builder;
    if (other_way) builder.Rule(7, "q-job-self & r-job-self", 77);
    builder.Rule(other_way ? 4 : 1, long_text, 11);
    builder.Rule(2, "a-job-self & b-job-parent", 12);
    builder.Rule(3, "globaltime-5 & globaltime-6", 13);
    return builder.Bytes();
  };
  Matcher first;
  REQUIRE(first.Load(program(false)));
  for (int i = 0; i < 129; ++i) CHECK(Fired(first, "e" + std::to_string(i) + "-job-5") == "");
  CHECK(Fired(first, "a-job-6") == "");
  CHECK(Fired(first, "globaltime-5") == "");
  const Exports exports = All(first, true);
  CHECK(exports.size() == 3);

  Matcher second;
  second.TrackMemories();
  REQUIRE(second.Load(program(true)));
  second.Attach(6, 1, 0, "");
  for (const auto& [owner, bytes] : exports) REQUIRE(second.ImportMemories(owner, bytes));
  CHECK(second.changed_owners() == 0);
  CHECK(All(second) == exports);
  CHECK(second.Stats().memories == 3);
  CHECK(second.Stats().attached_jobs == 1);
  second.Attach(5, 0, 0, "");
  CHECK(Fired(second, "b-job-1") == "2:6");
  CHECK(Fired(second, "e129-job-5") == "4:5");
  CHECK(Fired(second, "globaltime-6") == "3:0");
  CHECK(All(second).empty());
}

TEST_CASE("import: replaces what the owner remembered") {
  const Bytes program =
      ProgramBuilder().Rule(1, "a-job-self & b-job-self", 1).Rule(2, "c-job-self & d-job-self", 2).Bytes();
  Matcher matcher;
  REQUIRE(matcher.Load(program));
  CHECK(Fired(matcher, "a-job-1") == "");
  const Bytes bytes = All(matcher).at(1);
  CHECK(Fired(matcher, "b-job-1") == "1:1");
  CHECK(Fired(matcher, "c-job-1") == "");
  REQUIRE(matcher.ImportMemories(1, bytes));
  CHECK(matcher.Stats().memories == 1);
  CHECK(Fired(matcher, "d-job-1") == "");
  CHECK(Fired(matcher, "b-job-1") == "1:1");
  REQUIRE(matcher.ImportMemories(1, Written({kMagic, 1, 0}, 12)));
  CHECK(matcher.Stats().memories == 0);
}

TEST_CASE("import: rules that are gone are dropped, and that is a change") {
  Matcher first;
  REQUIRE(first.Load(ProgramWith("a-job-self & b-job-self", 11)));
  CHECK(Fired(first, "a-job-5") == "");
  const Bytes bytes = All(first).at(5);
  for (const Bytes& program :
       {ProgramWith("a-job-self & b-job-self & c-job-self", 11), ProgramWith("a-job-self & b-job-self", 12),
        ProgramWith("a-job-self | b-job-self", 11), ProgramBuilder().Bytes()}) {
    Matcher second;
    second.TrackMemories();
    REQUIRE(second.Load(program));
    REQUIRE(second.ImportMemories(5, bytes));
    CHECK(second.Stats().memories == 0);
    CHECK(Changed(second) == Exports{{5, {}}});
  }
}

TEST_CASE("import: refuses what is no export and changes nothing") {
  Matcher matcher;
  matcher.TrackMemories();
  REQUIRE(matcher.Load(ProgramBuilder().Rule(1, "a-job-self & b-job-self & c-job-self", 11).Bytes()));
  CHECK(Fired(matcher, "a-job-5") == "");
  const Exports before = All(matcher);
  CHECK(Changed(matcher) == before);
  const Bytes good = before.at(5);
  REQUIRE(good.size() == 25);
  struct Case {
    std::size_t at;
    int value;
    std::size_t offset;
  };
  for (const auto& [at, value, offset] :
       {Case{0, 0, 0}, Case{4, 2, 4}, Case{8, 2, 25}, Case{8, 0, 12}, Case{11, 255, 25}, Case{20, 0, 20},
        Case{20, 9, 25}, Case{23, 1, 25}, Case{24, 0, 24}, Case{24, 8, 24}, Case{24, 9, 24}}) {
    CAPTURE(at);
    CAPTURE(value);
    Bytes bad = good;
    bad[at] = static_cast<std::byte>(value);
    const Status status = matcher.ImportMemories(5, bad);
    REQUIRE(!status);
    CHECK(status.error().kind == ErrorKind::kMemories);
    CHECK(status.error().offset == offset);
  }
  for (std::size_t size = 0; size < good.size(); ++size) {
    CHECK(!matcher.ImportMemories(6, std::span(good).first(size)));
  }
  Bytes longer = good;
  longer.push_back(std::byte{0});
  CHECK(!matcher.ImportMemories(6, longer));
  Bytes unsorted = Written({kMagic, 1, 2, 12, 0, 3, 1}, 25);
  const Bytes second = Written({11, 0, 3, 1}, 13);
  unsorted.insert(unsorted.end(), second.begin(), second.end());
  CHECK(!matcher.ImportMemories(5, unsorted));
  CHECK(All(matcher) == before);
  CHECK(matcher.changed_owners() == 0);
  CHECK(matcher.ImportMemories(6, good));
  CHECK(All(matcher).size() == 2);
}

TEST_CASE("remembered: tells the terms that have happened") {
  Matcher matcher;
  std::string long_text = "e0-job-self";
  for (int i = 1; i < 130; ++i) long_text += " & e" + std::to_string(i) + "-job-self";
  REQUIRE(matcher.Load(ProgramOf({{9, long_text}, {4, "( a-job-self | b-job-self ) & e3-job-self"}})));
  CHECK(matcher.Remembered(5).empty());
  for (const char* event : {"e3-job-5", "e64-job-5", "e129-job-5"}) CHECK(Fired(matcher, event) == "");
  const std::vector<HalfSatisfied> remembered = matcher.Remembered(5);
  REQUIRE(remembered.size() == 2);
  CHECK(remembered[0].callback == 9);
  CHECK(remembered[0].terms == std::vector<uint32_t>{3, 64, 129});
  CHECK(remembered[1].callback == 4);
  CHECK(remembered[1].terms == std::vector<uint32_t>{2});
}

}  // namespace ucb::trigger::test
