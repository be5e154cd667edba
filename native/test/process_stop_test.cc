#include <csignal>

#include "process_support.h"

using namespace ucb;
using namespace ucb::test;

namespace {

using Kind = Message::Kind;

// Runs until `go` exists.
LaunchRequest Waiting(std::uint64_t ticket, const std::string& go) {
  return Shell(ticket, "until test -e " + go + "; do sleep 0.01; done");
}

std::unique_ptr<Launcher> StartLauncher(const LauncherOptions& options = {}) {
  Result<std::unique_ptr<Launcher>> launcher = Launcher::Start(options, [] {});
  REQUIRE(launcher);
  return std::move(launcher.value());
}

}  // namespace

TEST_CASE("stopping in every state leaves nothing behind") {
  TemporaryFolder folder;
  const std::string go = folder / "go";
  const Holdings before;

  SUBCASE("at once") {
    StartLauncher();
  }
  SUBCASE("twice") {
    const auto launcher = StartLauncher();
    launcher->Stop();
    launcher->Stop();
  }
  SUBCASE("with requests in the queue, again and again") {
    for (int round = 0; round < 20; ++round) {
      const auto launcher = StartLauncher();
      for (std::uint64_t ticket = 1; ticket <= 50; ++ticket) launcher->Launch(Program(ticket, "/bin/true"));
      if (round % 2 == 0) std::this_thread::yield();
      launcher->Stop();
    }
  }
  SUBCASE("at the moment children end") {
    for (int round = 0; round < 20; ++round) {
      TestLauncher launcher;
      for (std::uint64_t ticket = 1; ticket <= 4; ++ticket) launcher->Launch(Program(ticket, "/bin/true"));
      REQUIRE(launcher.Next(1).kind == Kind::kStarted);
      if (round % 2 == 0) REQUIRE(launcher.Next(2).kind == Kind::kStarted);
      launcher->Stop();
    }
  }
  SUBCASE("while log blocks are written") {
    for (int round = 0; round < 10; ++round) {
      TestLauncher launcher;
      for (std::uint64_t ticket = 1; ticket <= 20; ++ticket) {
        launcher->AppendLog(ticket, {folder / "log", "header\n", std::nullopt, std::string(100000, 'x'), "trailer\n"});
      }
      if (round % 2 == 0) CHECK(launcher.Next(1).kind == Kind::kLogged);
      launcher->Stop();
    }
  }
  SUBCASE("after failures") {
    TestLauncher launcher;
    launcher.Fail(Program(1, "/nowhere/program"));
    launcher->Stop();
  }
  CHECK(before.AreBack());
}

TEST_CASE("nothing is started, told or found after stopping, but what had happened can be taken") {
  TestLauncher launcher;
  launcher.Start(Program(1, "/bin/true"));
  launcher->Stop();
  std::vector<Message> messages = launcher.Rest();
  // It had ended, or it was handed over; no third thing.
  CHECK(messages.size() <= 1);
  for (const Message& message : messages) CHECK(message.kind == Kind::kExited);
  const int wakes = launcher.wakes();
  launcher->Launch(Program(2, "/bin/true"));
  launcher->AppendLog(3, {"/nowhere/log", "", std::nullopt, "", ""});
  CHECK(!launcher->Signal(1, SIGTERM));
  CHECK(!launcher->Terminate(1, Milliseconds{0}));
  CHECK(launcher.Rest().empty());
  CHECK(launcher.wakes() == wakes);
}

TEST_CASE("every request either starts, and is told of, or never does") {
  TemporaryFolder folder;
  for (int round = 0; round < 10; ++round) {
    TestLauncher launcher;
    constexpr std::uint64_t kCount = 30;
    const auto mark = [&](std::uint64_t ticket) {
      return folder / (std::to_string(round) + "-" + std::to_string(ticket));
    };
    for (std::uint64_t ticket = 1; ticket <= kCount; ++ticket) {
      LaunchRequest request = Program(ticket, "/bin/true");
      request.output = mark(ticket);  // created when it is begun
      launcher->Launch(std::move(request));
    }
    REQUIRE(launcher.Next(static_cast<std::uint64_t>(1 + round)).kind == Kind::kStarted);
    launcher->Stop();
    std::vector<bool> told(kCount + 1);
    told[static_cast<std::size_t>(1 + round)] = true;
    for (const Message& message : launcher.Rest()) told[message.ticket] = true;
    for (std::uint64_t ticket = 1; ticket <= kCount; ++ticket) CHECK(told[ticket] == Exists(mark(ticket)));
  }
}

TEST_CASE("children that outlive their launcher are reaped by the process") {
  TemporaryFolder folder;
  const std::string go = folder / "go";
  const Holdings before;

  const auto check = [&](const LauncherOptions& options) {
    std::vector<pid_t> pids;
    // Two launchers, the second of which goes when the first one's children are orphans already.
    for (int round = 0; round < 2; ++round) {
      TestLauncher launcher(options);
      for (std::uint64_t ticket = 1; ticket <= 5; ++ticket) pids.push_back(launcher.Start(Waiting(ticket, go)).pid);
      launcher->Stop();
    }
    for (const pid_t pid : pids) CHECK(Lives(pid));
    CHECK(CountChildren() == pids.size());
    WriteFile(go, "");
    CHECK(before.AreBack());
  };
  SUBCASE("this system") {
    check({});
  }
  SUBCASE("no descriptors for processes") {
    LauncherOptions options;
    options.capabilities.process_descriptors = false;
    check(options);
  }
  SUBCASE("again, after the thread that waited for them has ended") {
    check({});
    ::unlink(go.c_str());
    check({});
  }
}

TEST_CASE("deadlines of children that outlive their launcher are kept") {
  TemporaryFolder folder;
  const std::string ready = folder / "ready";
  const Holdings before;
  SUBCASE("its timeout") {
    TestLauncher launcher;
    LaunchRequest request = Shell(1, "trap '' TERM; echo > " + ready + "; while :; do sleep 0.01; done");
    request.timeout = Milliseconds{1000};
    request.kill_after = Milliseconds{50};
    launcher.Start(std::move(request));
    launcher->Stop();
    CHECK(CountChildren() == 1);
  }
  SUBCASE("the KILL that follows a TERM") {
    TestLauncher launcher;
    launcher.Start(Shell(1, "trap '' TERM; echo > " + ready + "; while :; do sleep 0.01; done"));
    REQUIRE(Eventually([&] { return Exists(ready); }));
    CHECK(launcher->Terminate(1, Milliseconds{300}));
    launcher->Stop();
  }
  SUBCASE("while older orphans wait for nothing") {
    const std::string go = folder / "go";
    TestLauncher first;
    first.Start(Waiting(1, go));
    first->Stop();
    TestLauncher second;
    LaunchRequest request = Program(2, "/bin/sleep", {"1000"});
    request.timeout = Milliseconds{300};
    const pid_t pid = second.Start(std::move(request)).pid;
    second->Stop();
    CHECK(Eventually([&] { return !ProcessState(pid); }));
    CHECK(CountChildren() == 1);
    WriteFile(go, "");
  }
  CHECK(before.AreBack());
}

TEST_CASE("launchers of several threads stop at the same time") {
  TemporaryFolder folder;
  const std::string go = folder / "go";
  const Holdings before;
  std::vector<std::thread> threads;
  std::atomic<int> good{0};
  for (int index = 0; index < 4; ++index) {
    threads.emplace_back([&, index] {
      for (int round = 0; round < 5; ++round) {
        Result<std::unique_ptr<Launcher>> launcher = Launcher::Start({}, [] {});
        if (!launcher) return;
        for (std::uint64_t ticket = 1; ticket <= 4; ++ticket) {
          launcher.value()->Launch((index + round) % 2 == 0 ? Waiting(ticket, go) : Program(ticket, "/bin/true"));
        }
        std::vector<Message> messages;
        // Some are handed over, some were never begun.
        while (messages.empty()) launcher.value()->TakeMessages(messages);
        launcher.value()->Stop();
      }
      ++good;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(good == 4);
  WriteFile(go, "");
  CHECK(before.AreBack());
}
