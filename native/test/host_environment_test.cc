#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "doctest/doctest.h"
#include "host/environment.h"

namespace ucb::test {
namespace {

using namespace std::string_literals;
using host::ReplaceEnvironment;
using host::ShowRun;

// Puts the variables back that this process had.
class Restored {
 public:
  Restored() : before_(environ) {}
  ~Restored() { environ = before_; }
  Restored(const Restored&) = delete;
  Restored& operator=(const Restored&) = delete;

 private:
  char** before_;
};

std::vector<std::string> Variables() {
  std::vector<std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) variables.emplace_back(*variable);
  return variables;
}

// What the system would show where a process was started with so many bytes of variables.
std::string Shown(std::string_view variables, std::size_t room) {
  std::string place(room, '#');
  ShowRun(variables, "1700000000000", place.data(), room);
  return place;
}

}  // namespace

TEST_CASE("a run's variables are the process's, where they lie") {
  const Restored restored;
  std::string data = "A=1\0B=\0C=a=b\0"s;
  const std::string_view left = ReplaceEnvironment(data.data(), data.size());
  CHECK(left.data() == data.data());
  CHECK(left.size() == data.size());
  CHECK(Variables() == std::vector<std::string>{"A=1", "B=", "C=a=b"});
  CHECK(environ[0] == data.data());
  CHECK(::getenv("PATH") == nullptr);
  // The C library must be able to change what it finds.
  REQUIRE(::setenv("B", "longer than it was", 1) == 0);
  REQUIRE(::unsetenv("A") == 0);
  CHECK(Variables() == std::vector<std::string>{"B=longer than it was", "C=a=b"});
}

TEST_CASE("what only a run that is no fork needs is left out, wherever it stands") {
  const std::string without = "A=1\0B=2\0"s;
  const std::string variable = "UCB_SCRIPT_DESCRIPTOR=9\0"s;
  for (const std::size_t at : std::array<std::size_t, 3>{0, 4, 8}) {
    CAPTURE(at);
    const Restored restored;
    std::string data = without;
    data.insert(at, variable);
    CHECK(ReplaceEnvironment(data.data(), data.size()) == without);
    CHECK(Variables() == std::vector<std::string>{"A=1", "B=2"});
  }
  const Restored restored;
  std::string alone = variable;
  CHECK(ReplaceEnvironment(alone.data(), alone.size()).empty());
  CHECK(Variables().empty());
}

TEST_CASE("a run may have no variables, or more than there is room for at first") {
  const Restored restored;
  std::string none;
  const std::string_view left = ReplaceEnvironment(none.data(), 0);
  CHECK(left.empty());
  CHECK(left.data() != nullptr);
  CHECK(Variables().empty());
  for (const std::size_t count : std::array<std::size_t, 4>{127, 128, 129, 5000}) {
    CAPTURE(count);
    std::vector<std::string> expected;
    std::string data;
    for (std::size_t index = 0; index < count; ++index) {
      expected.push_back("V" + std::to_string(index) + "=x");
      data += expected.back() + '\0';
    }
    CHECK(ReplaceEnvironment(data.data(), data.size()) == data);
    CHECK(Variables() == expected);
    char** const list = environ;
    environ = nullptr;
    if (count >= 128) std::free(list);
  }
}

TEST_CASE("the system shows which run a fork has become") {
  const std::string variables = "UCB_TOKEN=t\0A=1\0UCB_RUN_ID=0199\0UCB_ATTEMPT=2\0"s;
  const std::string expected = "UCB_RUN_ID=0199\0UCB_ATTEMPT=2\0UCB_TOKEN=t\0UCB_BEGAN_AT=1700000000000\0"s;
  CHECK(Shown(variables, expected.size()) == expected);
  CHECK(Shown(variables, expected.size() + 5) == expected + "#####");
  const std::string began = "UCB_BEGAN_AT=1700000000000\0"s;
  CHECK(Shown("A=1\0"s, 100).starts_with(began));
}

TEST_CASE("where there is no room to show a run, nothing is written") {
  const std::string variables = "UCB_RUN_ID=0199\0"s;
  const std::string expected = "UCB_RUN_ID=0199\0UCB_BEGAN_AT=1700000000000\0"s;
  CHECK(Shown(variables, expected.size()) == expected);
  CHECK(Shown(variables, expected.size() - 1) == std::string(expected.size() - 1, '#'));
  CHECK(Shown(variables, 0).empty());
}

}  // namespace ucb::test
