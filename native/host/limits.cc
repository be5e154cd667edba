#include "host/limits.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

namespace ucb::host {
namespace {

// A word and the space behind it; the text goes on with a NUL.
std::string_view TakeWord(std::string_view& text) {
  const std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(std::min(text.size(), word.size() + 1));
  return word;
}

}  // namespace

const char* ApplyLimits(std::string_view limits) {
  if (limits.empty()) return nullptr;
  const std::string_view stand_back = TakeWord(limits);
  for (const auto kind : {RLIMIT_AS, RLIMIT_NOFILE, RLIMIT_FSIZE}) {
    const std::string_view word = TakeWord(limits);
    if (word == "-") continue;
    rlimit limit{};
    if (getrlimit(kind, &limit) != 0) return "getrlimit";
    limit.rlim_max = std::min<rlim_t>(limit.rlim_max, std::strtoull(word.data(), nullptr, 10));
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(kind, &limit) != 0) return "setrlimit";
  }
  errno = 0;
  if (stand_back != "0" && nice(static_cast<int>(std::strtol(stand_back.data(), nullptr, 10))) == -1 && errno != 0) {
    return "nice";
  }
  return nullptr;
}

}  // namespace ucb::host
