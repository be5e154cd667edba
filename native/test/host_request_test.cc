#include <string>
#include <string_view>
#include <vector>

#include "doctest/doctest.h"
#include "host/request.h"

namespace ucb::test {
namespace {

using namespace std::string_literals;
using host::ParseBody;
using host::Request;
using host::TakeText;

std::string Texts(const std::vector<std::string>& texts) {
  std::string body;
  for (const std::string& text : texts) body += text + '\0';
  return body;
}

const std::string kWhole = Texts(
    {"5", "0 - - -", "1700000000000", "/work", "-u", "-B", "/run.py", "/callbacks/s.py", "more", "A=1", "B=", "C=a=b"});

}  // namespace

TEST_CASE("a text is taken up to its NUL, and an empty one is a text") {
  std::string_view rest("one\0\0three", 10);
  std::string_view text;
  REQUIRE(TakeText(rest, text));
  CHECK(text == "one");
  REQUIRE(TakeText(rest, text));
  CHECK(text.empty());
  CHECK_FALSE(TakeText(rest, text));
  CHECK(rest == "three");
}

TEST_CASE("a request's body is taken apart, from the runner's arguments on") {
  Request request;
  REQUIRE(ParseBody(kWhole, "/run.py", request) == nullptr);
  CHECK(request.limits == "0 - - -");
  CHECK(request.time == "1700000000000");
  CHECK(request.folder == "/work");
  CHECK(request.arguments == Texts({"/run.py", "/callbacks/s.py", "more"}));
  CHECK(request.script == "/callbacks/s.py");
  CHECK(request.variables == Texts({"A=1", "B=", "C=a=b"}));
}

TEST_CASE("a request's script may bear the runner's name, and there need be no variables") {
  Request request;
  const std::string body = Texts({"2", "", "0", "/", "/run.py", "/run.py"});
  REQUIRE(ParseBody(body, "/run.py", request) == nullptr);
  CHECK(request.script == "/run.py");
  CHECK(request.arguments == Texts({"/run.py", "/run.py"}));
  CHECK(request.variables.empty());
}

TEST_CASE("a request that is cut short is refused, wherever it is cut") {
  // Up to where its arguments end, all of it is needed; a variable is needed whole.
  const std::size_t variables = kWhole.find("A=1");
  for (std::size_t size = 0; size < kWhole.size(); ++size) {
    CAPTURE(size);
    Request request;
    const char* const wrong = ParseBody(kWhole.substr(0, size), "/run.py", request);
    CHECK((wrong == nullptr) == (size >= variables && kWhole[size - 1] == '\0'));
  }
}

TEST_CASE("a request says what it lacks") {
  const auto refusal = [](const std::string& body) {
    Request request;
    const char* const wrong = ParseBody(body, "/run.py", request);
    return std::string(wrong == nullptr ? "nothing" : wrong);
  };
  CHECK(refusal("") == "its request is incomplete");
  CHECK(refusal(Texts({"1", "", "0"})) == "its request is incomplete");
  CHECK(refusal(Texts({"3", "", "0", "/", "/run.py", "/s.py"})) == "its request lacks arguments");
  CHECK(refusal(Texts({"18446744073709551615", "", "0", "/", "/run.py"})) == "its request lacks arguments");
  CHECK(refusal(Texts({"0", "", "0", "/"})) == "its request is not for this runner");
  CHECK(refusal(Texts({"many", "", "0", "/", "/run.py", "/s.py"})) == "its request is not for this runner");
  CHECK(refusal(Texts({"1", "", "0", "/", "/run.py"})) == "its request is not for this runner");
  CHECK(refusal(Texts({"2", "", "0", "/", "/other.py", "/s.py"})) == "its request is not for this runner");
  CHECK(refusal(Texts({"2", "", "0", "/", "/run.py", "/s.py"}) + "A=1") == "its request lacks the end of a variable");
}

}  // namespace ucb::test
