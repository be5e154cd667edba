#include "core/trigger/head_table.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>

#include "core/trigger/padded_text.h"
#include "core/trigger/text_hash.h"

namespace ucb::trigger {
namespace {

std::string_view TypeName(EventType type) {
  constexpr std::array<std::string_view, kEventTypes> kNames = {"job",  "subjob", "work",       "host",
                                                                "time", "repeat", "globaltime", "globalrepeat"};
  return kNames[static_cast<std::size_t>(type)];
}

// Returns how many stand elsewhere than where they are looked for first.
std::size_t PlaceAll(std::span<const NamedList> lists, uint64_t head_seed, TermTables& tables) {
  tables.head_seed = head_seed;
  tables.names.clear();
  std::fill(tables.heads.begin(), tables.heads.end(), Head());
  std::size_t displaced = 0;
  for (const auto& [name, type, list] : lists) {
    std::string text(name);
    text.append("-").append(TypeName(type));
    Head head{.low = 0, .high = 0, .size = static_cast<uint32_t>(text.size()), .list = list};
    uint64_t hash = 0;
    if (text.size() <= Head::kShort) {
      const TextWords words = LoadPlain(text);
      hash = tables.HashHead(words);
      head.low = words.low;
      head.high = words.high;
    } else {
      hash = HashLong(text, head_seed);
      head.low = hash;
      head.high = tables.names.size();
      tables.names += text;
    }
    std::size_t at = static_cast<std::size_t>(hash) & tables.head_mask;
    if (tables.heads[at].size != 0) {
      tables.heads[at].list.flags |= TermList::kHasDisplaced;
      ++displaced;
    }
    while (tables.heads[at].size != 0) at = (at + 1) & tables.head_mask;
    tables.heads[at] = head;
  }
  return displaced;
}

}  // namespace

void PlaceHeads(std::span<const NamedList> lists, TermTables& tables) {
  // Where there are few, room enough that every name stands where it is looked for, once the seed is right.
  const bool few = lists.size() <= 1024;
  tables.heads.resize(std::bit_ceil(lists.size() * (few ? 8 : 2)));
  tables.head_mask = tables.heads.size() - 1;
  uint64_t best = tables.seed;
  std::size_t least = SIZE_MAX;
  for (uint64_t tried = 0; tried < (few ? 32 : 1) && least != 0; ++tried) {
    const uint64_t seed = Mix(tables.seed, tried);
    const std::size_t displaced = PlaceAll(lists, seed, tables);
    if (displaced >= least) continue;
    least = displaced;
    best = seed;
  }
  if (tables.head_seed != best) PlaceAll(lists, best, tables);
}

}  // namespace ucb::trigger
