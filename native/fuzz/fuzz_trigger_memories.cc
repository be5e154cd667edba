// Feeds the import of memories exports that are whole, damaged or noise, among events and reloads. What is refused must
// change nothing; what is taken must be exported as it came, but for rules that are not loaded; and another matcher
// that imports all exports must go on like the first one.
#include <fuzzer/FuzzedDataProvider.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
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
using ucb::trigger::Matcher;

using Bytes = std::vector<std::byte>;
using Exports = std::map<uint64_t, Bytes>;

Exports ExportsOf(Matcher& matcher) {
  Exports exports;
  uint32_t cursor = 0;
  do {
    cursor = matcher.VisitMemories(cursor, [&exports](uint64_t owner, std::span<const std::byte> bytes) {
      Expect(!bytes.empty() && exports.emplace(owner, Bytes(bytes.begin(), bytes.end())).second);
      return exports.size() % 2 != 0;
    });
  } while (cursor != 0);
  return exports;
}

// What a journal holds that is told of every change.
void TakeChanges(Matcher& matcher, Exports& journal) {
  matcher.TakeChangedMemories([&journal](uint64_t owner, std::span<const std::byte> bytes) {
    if (bytes.empty()) {
      journal.erase(owner);
    } else {
      journal[owner] = Bytes(bytes.begin(), bytes.end());
    }
  });
  Expect(ExportsOf(matcher) == journal);
}

Bytes Damaged(Bytes bytes, FuzzedDataProvider& input) {
  for (auto damage = input.ConsumeIntegralInRange<int>(0, 3); damage > 0 && !bytes.empty(); --damage) {
    bytes[input.ConsumeIntegralInRange<std::size_t>(0, bytes.size() - 1)] =
        static_cast<std::byte>(input.ConsumeIntegral<uint8_t>());
  }
  if (input.ConsumeIntegralInRange<int>(0, 8) == 0) {
    bytes.resize(input.ConsumeIntegralInRange<std::size_t>(0, bytes.size() + 20));
  }
  return bytes;
}

Bytes Noise(FuzzedDataProvider& input) {
  const std::string noise = input.ConsumeRandomLengthString(60);
  Bytes bytes(noise.size());
  if (!noise.empty()) std::memcpy(bytes.data(), noise.data(), noise.size());
  return bytes;
}

void Import(Matcher& matcher, Exports& journal, FuzzedDataProvider& input) {
  Bytes bytes = Noise(input);
  if (!journal.empty() && input.ConsumeBool()) {
    auto chosen = journal.begin();
    std::advance(chosen, input.ConsumeIntegralInRange<std::size_t>(0, journal.size() - 1));
    bytes = Damaged(chosen->second, input);
  }
  const uint64_t owner = input.PickValueInArray(kIds);
  const ucb::Status status = matcher.ImportMemories(owner, bytes);
  if (!status) {
    Expect(status.error().offset <= bytes.size() && !status.error().message.empty());
    Expect(ExportsOf(matcher) == journal && matcher.changed_owners() == 0);
    return;
  }
  Exports expected = journal;
  expected[owner] = bytes;
  // Without a change the owner remembers what the bytes say; twelve of them say nothing.
  if (matcher.changed_owners() == 0) {
    if (bytes.size() == 12) expected.erase(owner);
    Expect(ExportsOf(matcher) == expected);
  }
  journal = ExportsOf(matcher);
  TakeChanges(matcher, journal);
}

std::vector<Firing> Match(Matcher& matcher, const std::string& event) {
  matcher.Match(event);
  const std::span<const Firing> results = matcher.results();
  return {results.begin(), results.end()};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  FuzzedDataProvider input(data, size);
  auto matcher = std::make_unique<Matcher>();
  matcher->TrackMemories();
  Bytes program = ProgramWriter(input, true).Write();
  if (!matcher->Load(program)) return -1;
  Exports journal;
  while (input.remaining_bytes() > 0) {
    switch (input.ConsumeIntegralInRange<int>(0, 11)) {
      case 0: {
        const Bytes next = ProgramWriter(input, true).Write();
        if (matcher->Load(next)) program = next;
        break;
      }
      case 1:
      case 2:
      case 3:
        Import(*matcher, journal, input);
        break;
      case 4: {
        auto next = std::make_unique<Matcher>();
        Expect(static_cast<bool>(next->Load(program)));
        for (const auto& [owner, bytes] : journal) Expect(static_cast<bool>(next->ImportMemories(owner, bytes)));
        Expect(next->Stats().memories == matcher->Stats().memories && ExportsOf(*next) == journal);
        // With the jobs attached alike, both must answer alike.
        for (const uint64_t id : kIds) matcher->Attach(id, 0, 0, "");
        for (const uint64_t id : kIds) next->Attach(id, 0, 0, "");
        const std::string event = EventText(input);
        Expect(Match(*matcher, event) == Match(*next, event) && ExportsOf(*matcher) == ExportsOf(*next));
        break;
      }
      default:
        Match(*matcher, EventText(input));
    }
    TakeChanges(*matcher, journal);
  }
  for (const auto& [owner, bytes] : Exports(journal)) matcher->Detach(owner);
  Expect(matcher->Stats().memories == 0 && ExportsOf(*matcher).empty());
  return 0;
}
