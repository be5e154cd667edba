#pragma once

#include <cstdint>

#include "core/trigger/program.h"
#include "core/trigger/remembering_rules.h"
#include "core/trigger/term_index.h"

namespace ucb::trigger {

// All rules of a program, ready to be matched.
struct RuleSet {
  uint32_t rules = 0;
  uint32_t terms = 0;
  TermIndex index;
  RememberingRules remembering;
};

// The seed makes the hashes of this process differ from those of others; labels have to be hashed with it too.
RuleSet BuildRules(const Program& program, uint64_t seed);

}  // namespace ucb::trigger
