// Feeds the loader programs that are sound, nearly sound or noise, and what it takes events and attachments. Whatever
// it is given, the matcher must keep to its memory, answer in order, and hold nothing once all jobs are gone.
#include <fuzzer/FuzzedDataProvider.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "core/trigger/matcher.h"
#include "trigger_world.h"

namespace {

using ucb::fuzz::EventText;
using ucb::fuzz::Expect;
using ucb::fuzz::kIds;
using ucb::fuzz::ProgramWriter;
using ucb::trigger::Firing;
using ucb::trigger::kMaxJobId;
using ucb::trigger::Matcher;

void Load(Matcher& matcher, FuzzedDataProvider& input) {
  std::vector<std::byte> program;
  if (input.ConsumeIntegralInRange<int>(0, 9) == 0) {
    const std::string noise = input.ConsumeRandomLengthString(400);
    program.resize(noise.size());
    if (!noise.empty()) std::memcpy(program.data(), noise.data(), noise.size());
  } else {
    program = ProgramWriter(input, false).Write();
    for (auto damage = input.ConsumeIntegralInRange<int>(-2, 3); damage > 0; --damage) {
      const auto word = input.ConsumeIntegralInRange<std::size_t>(0, program.size() / 4 - 1);
      const uint32_t value = input.ConsumeBool() ? input.ConsumeIntegral<uint32_t>() : input.ConsumeIntegral<uint8_t>();
      std::memcpy(program.data() + word * 4, &value, 4);
    }
    if (input.ConsumeIntegralInRange<int>(0, 20) == 0)
      program.resize(input.ConsumeIntegralInRange<std::size_t>(0, program.size()));
  }
  const ucb::Status status = matcher.Load(program);
  if (!status) Expect(status.error().offset <= program.size() / 4 + 1 && !status.error().message.empty());
}

void Match(Matcher& matcher, const std::string& event) {
  const std::ptrdiff_t count = matcher.Match(event);
  const std::span<const Firing> results = matcher.results();
  if (count == Matcher::kMalformed) {
    Expect(results.empty());
    return;
  }
  Expect(static_cast<std::size_t>(count) == results.size());
  for (std::size_t i = 0; i < results.size(); ++i) {
    Expect(results[i].owner <= kMaxJobId);
    Expect(i == 0 || results[i - 1] < results[i]);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  FuzzedDataProvider input(data, size);
  Matcher matcher;
  Load(matcher, input);
  while (input.remaining_bytes() > 0) {
    switch (input.ConsumeIntegralInRange<int>(0, 15)) {
      case 0:
        Load(matcher, input);
        break;
      case 1:
        matcher.Detach(input.PickValueInArray(kIds));
        break;
      case 2:
      case 3:
      case 4: {
        const uint64_t id = input.PickValueInArray(kIds);
        const uint64_t pid = input.ConsumeBool() ? 0 : input.PickValueInArray(kIds);
        const uint64_t pgrp = input.ConsumeBool() ? 0 : input.PickValueInArray(kIds);
        matcher.Attach(id, pid, pgrp, input.ConsumeBool() ? "render" : input.ConsumeRandomLengthString(20));
        break;
      }
      default:
        Match(matcher, EventText(input));
    }
  }
  // Noise may have named any job: only the known ones can be asked to go.
  for (const uint64_t id : kIds) Match(matcher, "removed-job-" + std::to_string(id));
  const ucb::Status status = matcher.Load(std::span<const std::byte>());
  Expect(!status);
  constexpr std::array<uint32_t, 8> kNothing = {0x31424355, 1, 0, 0, 0, 0, 0, 0};
  Expect(static_cast<bool>(matcher.Load(std::as_bytes(std::span(kNothing)))));
  Expect(matcher.Stats().memories == 0);
  return 0;
}
