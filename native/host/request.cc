#include "host/request.h"

#include <cstdlib>

namespace ucb::host {

bool TakeText(std::string_view& rest, std::string_view& text) {
  const std::size_t end = rest.find('\0');
  if (end == std::string_view::npos) return false;
  text = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return true;
}

const char* ParseBody(std::string_view body, std::string_view runner, Request& request) {
  std::string_view count;
  if (!TakeText(body, count) || !TakeText(body, request.limits) || !TakeText(body, request.time) ||
      !TakeText(body, request.folder)) {
    return "its request is incomplete";
  }
  const char* first = nullptr;
  bool has_script = false;
  for (unsigned long left = std::strtoul(count.data(), nullptr, 10); left > 0; left--) {
    std::string_view argument;
    if (!TakeText(body, argument)) return "its request lacks arguments";
    if (first != nullptr && !has_script) {
      request.script = argument;
      has_script = true;
    }
    if (first == nullptr && argument == runner) first = argument.data();
  }
  if (!has_script) return "its request is not for this runner";
  if (!body.empty() && body.back() != '\0') return "its request lacks the end of a variable";
  request.arguments = std::string_view(first, static_cast<std::size_t>(body.data() - first));
  request.variables = body;
  return nullptr;
}

}  // namespace ucb::host
