#pragma once

#include <string_view>

namespace ucb::host {

// Applies how far a run stands back, as nice(1) counts, and the bytes of memory, the open files and the bytes of a file
// it may have: four words, - being no limit. Empty for none of them. Null, or the name of what failed, with errno.
const char* ApplyLimits(std::string_view limits);

}  // namespace ucb::host
