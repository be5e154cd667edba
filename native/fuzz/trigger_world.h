#pragma once

#include <fuzzer/FuzzedDataProvider.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "core/trigger/matcher.h"

// Programs and events that meet each other often, made from the input of a fuzz target.
namespace ucb::fuzz {

inline constexpr std::array<uint64_t, 8> kIds = {1, 2, 3, 4, 5, 1001, uint64_t{1} << 32, trigger::kMaxJobId};
inline constexpr std::array<const char*, 12> kTexts = {"",        "*",  "complete", "done",     "failed",  "submit",
                                                       "removed", "17", "frame_*",  "*_beauty", "fr*me*1", "render"};
inline constexpr std::array<const char*, 8> kTypes = {"job",  "subjob", "work",       "host",
                                                      "time", "repeat", "globaltime", "globalrepeat"};

inline void Expect(bool holds) {
  if (!holds) std::abort();
}

// Writes the tables of a program that is sound wherever the input does not say otherwise.
class ProgramWriter {
 public:
  // With `distinct_keys` no two rules have one key, as the format promises; otherwise they may.
  ProgramWriter(FuzzedDataProvider& input, bool distinct_keys) : input_(input), distinct_keys_(distinct_keys) {}

  std::vector<std::byte> Write() {
    const auto patterns = input_.ConsumeIntegralInRange<uint32_t>(1, 12);
    for (uint32_t i = 0; i < patterns; ++i) AddPattern();
    const auto rules = input_.ConsumeIntegralInRange<uint32_t>(0, 12);
    for (uint32_t i = 0; i < rules; ++i) AddRule(patterns);
    std::vector<uint32_t> words = {0x31424355,         1,
                                   Size(rules_, 8),    Size(terms_, 6),
                                   Size(patterns_, 2), Size(segments_, 2),
                                   Size(code_, 1),     static_cast<uint32_t>(pool_.size())};
    for (const auto* table : {&rules_, &terms_, &patterns_, &segments_, &code_}) {
      words.insert(words.end(), table->begin(), table->end());
    }
    std::vector<std::byte> bytes(words.size() * 4 + pool_.size());
    std::memcpy(bytes.data(), words.data(), words.size() * 4);
    if (!pool_.empty()) std::memcpy(bytes.data() + words.size() * 4, pool_.data(), pool_.size());
    return bytes;
  }

 private:
  static uint32_t Size(const std::vector<uint32_t>& table, std::size_t row) {
    return static_cast<uint32_t>(table.size() / row);
  }

  void AddPattern() {
    const std::string text =
        input_.ConsumeBool() ? input_.PickValueInArray(kTexts) : input_.ConsumeRandomLengthString(40);
    patterns_.push_back(Size(segments_, 2));
    std::size_t at = 0;
    uint32_t count = 0;
    while (true) {
      const std::size_t star = text.find('*', at);
      const std::string segment = text.substr(at, star == std::string::npos ? star : star - at);
      segments_.push_back(static_cast<uint32_t>(pool_.size()));
      segments_.push_back(static_cast<uint32_t>(segment.size()));
      pool_ += segment;
      ++count;
      if (star == std::string::npos) break;
      at = star + 1;
    }
    patterns_.push_back(count);
  }

  void AddRule(uint32_t patterns) {
    const uint32_t first_term = Size(terms_, 6);
    const uint32_t first_code = Size(code_, 1);
    // A few rules need several words for their terms.
    const uint32_t terms =
        input_.ConsumeIntegralInRange<uint32_t>(0, 40) == 0 ? 70 : input_.ConsumeIntegralInRange<uint32_t>(1, 5);
    bool remembers = false;
    for (uint32_t i = 0; i < terms; ++i) {
      AddTerm(patterns);
      code_.push_back(i);
      if (i == 0) continue;
      const bool is_and = input_.ConsumeBool();
      remembers = remembers || is_and;
      code_.push_back(is_and ? trigger::kCodeAnd : trigger::kCodeOr);
    }
    const auto callback = input_.ConsumeIntegralInRange<uint32_t>(0, 5);
    const uint32_t own = distinct_keys_ ? Size(rules_, 8) * 6 : 0;
    const uint32_t key = own + input_.ConsumeIntegralInRange<uint32_t>(0, 5);
    rules_.insert(rules_.end(), {callback, key, 0, static_cast<uint32_t>(remembers), first_term, terms, first_code,
                                 Size(code_, 1) - first_code});
  }

  void AddTerm(uint32_t patterns) {
    const auto pattern = [&] { return input_.ConsumeIntegralInRange<uint32_t>(0, patterns - 1); };
    const auto kind = input_.ConsumeIntegralInRange<uint32_t>(0, 4);
    const uint32_t types =
        kind == 4 ? input_.ConsumeIntegralInRange<uint32_t>(1, 3) << 6 : input_.ConsumeIntegralInRange<uint32_t>(1, 63);
    uint64_t context = 0;
    if (kind == 2) context = input_.PickValueInArray(kIds);
    if (kind == 3) context = pattern();
    const uint32_t name = pattern();
    terms_.insert(terms_.end(),
                  {name, types, kind, static_cast<uint32_t>(context), static_cast<uint32_t>(context >> 32), pattern()});
  }

  FuzzedDataProvider& input_;
  bool distinct_keys_;
  std::vector<uint32_t> rules_, terms_, patterns_, segments_, code_;
  std::string pool_;
};

inline std::string EventText(FuzzedDataProvider& input) {
  switch (input.ConsumeIntegralInRange<int>(0, 7)) {
    case 0:
      return input.ConsumeRandomLengthString(60);
    case 1:
      return std::string(input.PickValueInArray(kTypes)) + "-" + input.ConsumeRandomLengthString(10);
    default: {
      const std::string name =
          input.ConsumeBool() ? input.PickValueInArray(kTexts) : input.ConsumeRandomLengthString(10);
      const std::string type = input.PickValueInArray(kTypes);
      const std::string id = std::to_string(input.PickValueInArray(kIds));
      const std::string extra =
          input.ConsumeBool() ? input.PickValueInArray(kTexts) : input.ConsumeRandomLengthString(30);
      return name + "-" + type + "-" + id + (extra.empty() ? "" : "-" + extra);
    }
  }
}

}  // namespace ucb::fuzz
