#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "core/trigger/matcher.h"
#include "doctest/doctest.h"
#include "trigger_fresh_match.h"
#include "trigger_plain_matcher.h"
#include "trigger_program_builder.h"

namespace ucb::trigger::test {
namespace {

// Draws from vocabularies small enough that everything meets everything else again and again.
class Draw {
 public:
  explicit Draw(uint32_t seed) : engine_(seed) {}

  uint32_t Below(uint32_t limit) { return static_cast<uint32_t>(engine_() % limit); }
  bool Once(uint32_t in) { return Below(in) == 0; }
  std::string Of(const std::vector<std::string>& words) { return words[Below(static_cast<uint32_t>(words.size()))]; }

  std::string Term() {
    if (Once(12)) return Of({"globaltime-5", "globaltime-*", "globalrepeat-5-60", "globalrepeat-5-*"});
    const std::string name =
        Of({"complete", "done", "failed", "killed", "submit", "removed", "custom", "*", "*ed", "d*", "c*m*"});
    const std::string type = Of({"job", "job", "work", "work", "subjob", "host", "time", "repeat", "*"});
    const std::string context =
        Of({"self", "self", "parent", "1", "2", "9007199254740991", "render", "comp", "*r*", "r*", "*"});
    const std::string extra = Of({"", "", "*", "1", "17", "1*", "*7", "f*m*e", "frame_*", "frame_000*", "frame_0001",
                                  "fr*", "fram*", "frame_0001_left_*", "*_*_*"});
    return name + "-" + type + "-" + (context == "*" ? "self" : context) + (extra.empty() ? "" : "-" + extra);
  }

  std::string Rule(uint32_t depth = 0) {
    if (depth == 3 || Once(2)) return Term();
    std::string text = Rule(depth + 1);
    const uint32_t more = 1 + Below(3);
    const std::string operation = Of({" & ", " | "});
    for (uint32_t i = 0; i < more; ++i) text += operation + Rule(depth + 1);
    return "( " + text + " )";
  }

  uint64_t Job() { return Once(10) ? kMaxJobId : 1 + Below(6); }

  PlainEvent Event() {
    if (Once(15)) return PlainEvent{"", Of({"globaltime", "globalrepeat"}), 0, Of({"5", "6", "5-60"})};
    return PlainEvent{Of({"complete", "done", "failed", "killed", "submit", "removed", "custom", "unknown"}),
                      Of({"job", "job", "work", "work", "subjob", "host", "time", "repeat"}), Job(),
                      Of({"", "", "1", "17", "1-17", "frame_0001", "frame_0001_left_a", "fme", "framme", "f", "fr"})};
  }

 private:
  std::mt19937 engine_;
};

void Play(uint32_t seed, uint32_t rules, uint32_t steps) {
  CAPTURE(seed);
  Draw draw(seed);
  Matcher matcher;
  PlainMatcher plain;
  std::vector<RuleText> pool;
  for (uint32_t i = 0; i < rules * 2; ++i) pool.push_back(ParseRule(draw.Below(rules), draw.Rule(), i + 1));
  const auto load = [&] {
    ProgramBuilder builder;
    std::vector<RuleText> chosen;
    for (const RuleText& rule : pool) {
      if (draw.Once(2)) chosen.push_back(rule);
    }
    for (const RuleText& rule : chosen) builder.Rule(rule);
    REQUIRE(matcher.Load(builder.Bytes()));
    plain.Load(chosen);
  };
  load();
  for (uint32_t step = 0; step < steps; ++step) {
    if (draw.Once(40)) load();
    if (draw.Once(8)) {
      const uint64_t id = draw.Job();
      const uint64_t pid = draw.Once(2) ? 0 : draw.Job();
      const uint64_t pgrp = draw.Once(2) ? 0 : draw.Job();
      const std::string label = draw.Of({"", "render", "comp", "r", "other-label"});
      matcher.Attach(id, pid, pgrp, label);
      plain.Attach(id, pid, pgrp, label);
    }
    if (draw.Once(60)) {
      const uint64_t id = draw.Job();
      matcher.Detach(id);
      plain.Detach(id);
    }
    const PlainEvent event = draw.Event();
    CAPTURE(step);
    CAPTURE(event.Text());
    const PlainMatcher::Firings expected = plain.Match(event);
    const std::string text = event.Text();
    const bool is_fresh = text.size() <= FreshText::kMost && draw.Once(2);
    const std::ptrdiff_t count = is_fresh ? MatchFreshly(matcher, text) : matcher.Match(text);
    REQUIRE(count == static_cast<std::ptrdiff_t>(expected.size()));
    std::vector<std::pair<uint32_t, uint64_t>> actual;
    for (const Firing& firing : matcher.results()) actual.emplace_back(firing.callback, firing.owner);
    REQUIRE(actual == std::vector<std::pair<uint32_t, uint64_t>>(expected.begin(), expected.end()));
    REQUIRE(matcher.Stats().attached_jobs == plain.attached());
    REQUIRE(matcher.Stats().memories == plain.memories());
  }
}

}  // namespace

TEST_CASE("random rules and events: agrees with the plain matcher") {
  for (uint32_t seed = 1; seed <= 150; ++seed) Play(seed, 1 + seed % 12, 300);
}

TEST_CASE("random rules and events: many rules") {
  for (uint32_t seed = 1000; seed < 1004; ++seed) Play(seed, 150, 200);
}

}  // namespace ucb::trigger::test
