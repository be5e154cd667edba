#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <utility>
#include <vector>

#include "core/process/reaper.h"
#include "process_support.h"

using namespace ucb;
using namespace ucb::test;

TEST_CASE("a child that has ended before its reaper hears of it is told of without one more thread") {
  const Holdings holdings;
  const pid_t pid = ::fork();
  REQUIRE(pid >= 0);
  if (pid == 0) ::_exit(7);
  siginfo_t info{};
  REQUIRE(::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT) == 0);

  int wakes = 0;
  MessageQueue queue([&] { ++wakes; });
  auto reaper = Reaper::Create(platform::Capabilities::Detect(), &queue);
  REQUIRE(reaper);
  LaunchRequest request = Program(1, "/bin/true");
  request.awaited = false;
  Message started(Message::Kind::kStarted, 1);
  started.pid = pid;
  bool added = false;
  // Nobody runs it.
  reaper.value()->Add(request, platform::Clock::now(), std::move(started), [&] { added = true; });

  std::vector<Message> messages;
  queue.Take(messages);
  REQUIRE(messages.size() == 2);
  CHECK(messages[0].kind == Message::Kind::kStarted);
  CHECK(messages[1].kind == Message::Kind::kExited);
  CHECK(messages[1].pid == pid);
  CHECK(messages[1].exit_code == 7);
  CHECK(messages[1].max_rss_kb > 0);
  CHECK(wakes == 1);
  CHECK(added);
  CHECK(!reaper.value()->HasChildren());
  CHECK(!reaper.value()->Signal(1, 0));
  CHECK(::waitpid(pid, nullptr, 0) == -1);
  CHECK(errno == ECHILD);
}
