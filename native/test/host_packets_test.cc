#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/base/unique_fd.h"
#include "doctest/doctest.h"
#include "host/limits.h"
#include "host/packets.h"
#include "process_support.h"

namespace ucb::test {
namespace {

using namespace std::string_literals;
using host::ApplyLimits;
using host::Descriptors;
using host::ReadAll;
using host::Receive;
using host::Send;

struct Channel {
  UniqueFd here;
  UniqueFd there;

  Channel() {
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
    here = UniqueFd(ends[0]);
    there = UniqueFd(ends[1]);
  }

  std::string Take(Descriptors& descriptors, std::size_t size = 100) const {
    std::string packet(size, '#');
    const ssize_t received = Receive(there.get(), packet.data(), size, descriptors);
    REQUIRE(received >= 0);
    packet.resize(static_cast<std::size_t>(received));
    return packet;
  }
};

// What a child exits with.
template <typename Function>
int InChild(Function function) {
  const pid_t pid = ::fork();
  REQUIRE(pid != -1);
  if (pid == 0) ::_exit(function());
  int status = 0;
  REQUIRE(::waitpid(pid, &status, 0) == pid);
  REQUIRE(WIFEXITED(status));
  return WEXITSTATUS(status);
}

rlim_t LimitOf(__rlimit_resource kind) {
  rlimit limit{};
  ::getrlimit(kind, &limit);
  return limit.rlim_cur == limit.rlim_max ? limit.rlim_cur : 0;
}

}  // namespace

TEST_CASE("a packet's parts have a NUL between each two, and empty ones are parts") {
  const Channel channel;
  Descriptors descriptors;
  REQUIRE(Send(channel.here.get(), {"P", "17"}));
  REQUIRE(Send(channel.here.get(), {"C", "", "17", "why\nnot"}));
  REQUIRE(Send(channel.here.get(), {"\0"s}));
  CHECK(channel.Take(descriptors) ==
        "P\0"
        "17"s);
  CHECK(channel.Take(descriptors) ==
        "C\0\0"
        "17\0why\nnot"s);
  CHECK(channel.Take(descriptors) == "\0"s);
  CHECK(descriptors == Descriptors{-1, -1, -1, -1});
}

TEST_CASE("a descriptor goes along with a packet, and is not inherited by programs") {
  const Channel channel;
  const TemporaryFolder folder;
  WriteFile(folder / "s", "text");
  const UniqueFd file(::open((folder / "s").c_str(), O_RDONLY | O_CLOEXEC));
  REQUIRE(Send(channel.here.get(), {"s"}, file.get()));
  Descriptors descriptors;
  CHECK(channel.Take(descriptors) == "s");
  REQUIRE(descriptors[0] != -1);
  const UniqueFd came(descriptors[0]);
  CHECK(descriptors[1] == -1);
  CHECK(came.get() != file.get());
  CHECK((::fcntl(came.get(), F_GETFD) & FD_CLOEXEC) != 0);
  std::size_t size = 0;
  char* const data = ReadAll(came.get(), size);
  REQUIRE(data != nullptr);
  CHECK(std::string(data) == "text");
  std::free(data);
}

TEST_CASE("a packet that does not fit is cut, the end of the channel is nothing, and no channel is an error") {
  Channel channel;
  Descriptors descriptors;
  REQUIRE(Send(channel.here.get(), {"0123456789"}));
  CHECK(channel.Take(descriptors, 4) == "0123");
  channel.here = UniqueFd();
  CHECK(channel.Take(descriptors).empty());
  // SIGPIPE would have ended the process.
  CHECK_FALSE(Send(channel.there.get(), {"x"}));
  CHECK(errno == EPIPE);
  CHECK_FALSE(Send(-1, {"x"}));
  CHECK(Receive(-1, nullptr, 0, descriptors) == -1);
}

TEST_CASE("a file is read whole, from its beginning, and what is none cannot be") {
  const TemporaryFolder folder;
  std::string text(100'000, 'x');
  text[5] = '\0';
  WriteFile(folder / "long", text);
  WriteFile(folder / "empty", "");
  std::size_t size = 1;
  const UniqueFd whole(::open((folder / "long").c_str(), O_RDONLY | O_CLOEXEC));
  REQUIRE(::lseek(whole.get(), 10, SEEK_SET) == 10);
  char* const data = ReadAll(whole.get(), size);
  REQUIRE(data != nullptr);
  CHECK(std::string(data, size) == text);
  CHECK(data[size] == '\0');
  std::free(data);
  const UniqueFd empty(::open((folder / "empty").c_str(), O_RDONLY | O_CLOEXEC));
  char* const nothing = ReadAll(empty.get(), size);
  CHECK(nothing != nullptr);
  CHECK(size == 0);
  std::free(nothing);
  const UniqueFd directory(::open(folder.path().c_str(), O_RDONLY | O_CLOEXEC));
  for (const int none : {directory.get(), -1}) {
    size = 1;
    CHECK(ReadAll(none, size) == nullptr);
    CHECK(size == 0);
  }
}

TEST_CASE("no limits change nothing") {
  CHECK(InChild([] {
          const rlim_t before = LimitOf(RLIMIT_NOFILE);
          return ApplyLimits("") == nullptr && LimitOf(RLIMIT_NOFILE) == before ? 0 : 1;
        }) == 0);
}

TEST_CASE("limits are for good, each where it is named") {
  CHECK(InChild([] {
          const rlim_t memory = LimitOf(RLIMIT_AS);
          if (ApplyLimits("0 - 64 1048576") != nullptr) return 1;
          if (LimitOf(RLIMIT_NOFILE) != 64 || LimitOf(RLIMIT_FSIZE) != 1'048'576) return 2;
          if (LimitOf(RLIMIT_AS) != memory || ::nice(0) != 0) return 3;
          // None gets more than it had, and a run stands back at last, as it could not be undone.
          if (ApplyLimits("5 9000000000000 128 -") != nullptr) return 4;
          return LimitOf(RLIMIT_NOFILE) == 64 && LimitOf(RLIMIT_AS) == 9'000'000'000'000 && ::nice(0) == 5 ? 0 : 5;
        }) == 0);
}

}  // namespace ucb::test
