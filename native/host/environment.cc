#include "host/environment.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>

#include "host/request.h"

namespace ucb::host {
namespace {

constexpr std::size_t kUsual = 128;
// Where a run that is no fork finds its script.
constexpr std::string_view kDescriptor = "UCB_SCRIPT_DESCRIPTOR=";
// What a run is found by.
constexpr std::array<std::string_view, 3> kShown = {"UCB_RUN_ID=", "UCB_ATTEMPT=", "UCB_TOKEN="};
constexpr std::string_view kBegan = "UCB_BEGAN_AT=";

std::string_view VariableOf(std::string_view variables, std::string_view start) {
  std::string_view variable;
  while (TakeText(variables, variable)) {
    if (variable.starts_with(start)) return variable;
  }
  return {};
}

std::size_t Without(std::string_view start, char* variables, std::size_t size) {
  const std::string_view left_out = VariableOf({variables, size}, start);
  if (left_out.data() == nullptr) return size;
  const std::size_t length = left_out.size() + 1;
  const auto at = static_cast<std::size_t>(left_out.data() - variables);
  std::memmove(variables + at, variables + at + length, size - at - length);
  return size - length;
}

}  // namespace

std::string_view ReplaceEnvironment(char* variables, std::size_t size) {
  // Whoever sets a variable makes the C library copy the list first.
  static std::array<char*, kUsual> usual;
  size = Without(kDescriptor, variables, size);
  const auto count = static_cast<std::size_t>(std::count(variables, variables + size, '\0'));
  char** list = usual.data();
  if (count >= kUsual) list = static_cast<char**>(std::malloc((count + 1) * sizeof(char*)));
  if (list == nullptr) return {};
  std::string_view rest(variables, size);
  std::string_view variable;
  std::size_t index = 0;
  while (TakeText(rest, variable)) list[index++] = variables + (variable.data() - variables);
  list[index] = nullptr;
  environ = list;
  return {variables, size};
}

void ShowRun(std::string_view variables, std::string_view time, char* place, std::size_t room) {
  std::array<std::string_view, kShown.size()> found;
  std::size_t length = kBegan.size() + time.size() + 1;
  for (std::size_t index = 0; index < kShown.size(); index++) {
    found[index] = VariableOf(variables, kShown[index]);
    if (found[index].data() != nullptr) length += found[index].size() + 1;
  }
  if (length > room) return;
  const auto append = [&place](std::string_view text) {
    std::memcpy(place, text.data(), text.size());
    place += text.size();
  };
  for (const std::string_view variable : found) {
    if (variable.data() == nullptr) continue;
    append(variable);
    *place++ = '\0';
  }
  append(kBegan);
  append(time);
  *place = '\0';
}

}  // namespace ucb::host
