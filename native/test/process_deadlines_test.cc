#include <algorithm>
#include <csignal>

#include "process_support.h"

using namespace ucb;
using namespace ucb::test;

namespace {

using Kind = Message::Kind;

constexpr Milliseconds kSoon{60};
constexpr Milliseconds kNeverInATest{600000};

// Forgets deadlines that did not come from where they should: a child that is to die by its own TERM gets long ones.
LaunchRequest With(LaunchRequest request, Milliseconds timeout, Milliseconds kill_after) {
  request.timeout = timeout;
  request.kill_after = kill_after;
  return request;
}

pid_t PidIn(const std::string& path) {
  REQUIRE(Eventually([&] { return ReadFile(path).ends_with('\n'); }));
  return std::atoi(ReadFile(path).c_str());
}

template <typename Check>
void WithAndWithoutDescriptors(Check check) {
  LauncherOptions options;
  SUBCASE("this system") {
    check(options);
  }
  SUBCASE("no descriptors for processes") {
    options.capabilities.process_descriptors = false;
    check(options);
  }
}

}  // namespace

TEST_CASE("deadlines") {
  WithAndWithoutDescriptors([](const LauncherOptions& options) {
    TemporaryFolder folder;
    TestLauncher launcher(options);

    SUBCASE("a timeout sends TERM") {
      const Message exited = launcher.Run(With(Program(1, "/bin/sleep", {"1000"}), kSoon, kNeverInATest));
      CHECK(exited.timed_out);
      CHECK(exited.signal == SIGTERM);
      CHECK(exited.duration_ms >= kSoon.count());
    }
    SUBCASE("a child may answer TERM with an exit code") {
      const std::string ready = folder / "ready";
      LaunchRequest request = Shell(2, "trap 'exit 5' TERM; echo > " + ready + "; while :; do sleep 0.01; done");
      const Message started = launcher.Start(std::move(request));
      REQUIRE(Eventually([&] { return Exists(ready); }));
      CHECK(launcher->Terminate(2, kNeverInATest));
      const Message exited = launcher.Next(2);
      CHECK(exited.exit_code == 5);
      CHECK(!exited.timed_out);
    }
    SUBCASE("whatever a child does about TERM, it ends") {
      // Time enough for each of them to have got ready for it.
      constexpr Milliseconds kTimeout{1500};
      const std::string loop = "while :; do sleep 0.01; done";
      const std::string file = folder / "member";
      launcher.Start(With(Shell(3, "trap '' TERM; " + loop), kTimeout, kSoon));
      launcher.Start(With(Shell(4, "trap '' TERM; " + loop), kTimeout, Milliseconds{0}));
      launcher.Start(With(Shell(5, "kill -STOP $$; exit 0"), kTimeout, kNeverInATest));
      launcher.Start(With(Shell(6, "trap '' TERM; while :; do kill -STOP $$; done"), kTimeout, kSoon));
      launcher.Start(
          With(Shell(7, "(trap '' TERM; " + loop + ") & echo $! > " + file + "; " + loop), kTimeout, kNeverInATest));
      const pid_t member = PidIn(file);

      const auto check = [&](std::uint64_t ticket, int signal, Milliseconds at_least) {
        const Message exited = launcher.Next(ticket);
        CHECK(exited.kind == Kind::kExited);
        CHECK(exited.timed_out);
        CHECK(exited.signal == signal);
        CHECK(exited.duration_ms >= at_least.count());
      };
      check(3, SIGKILL, kTimeout + kSoon);
      check(4, SIGKILL, kTimeout);
      // Stopped, it acts on TERM only because it is made to go on.
      check(5, SIGTERM, kTimeout);
      check(6, SIGKILL, kTimeout + kSoon);
      check(7, SIGTERM, kTimeout);
      CHECK(Eventually([&] { return !Lives(member); }));
    }
    SUBCASE("a member of its group outlives a leader that ends by itself") {
      const std::string file = folder / "member";
      const Message exited =
          launcher.Run(With(Shell(8, "sleep 1000 & echo $! > " + file), kNeverInATest, kNeverInATest));
      const pid_t member = PidIn(file);
      CHECK(exited.exit_code == 0);
      CHECK(Lives(member));
      ::kill(member, SIGKILL);
    }
    SUBCASE("slow is told once, before the timeout") {
      LaunchRequest request = With(Program(9, "/bin/sleep", {"1000"}), Milliseconds{150}, kNeverInATest);
      request.slow_after = Milliseconds{50};
      const Message started = launcher.Start(std::move(request));
      const Message slow = launcher.Next(9);
      CHECK(slow.kind == Kind::kSlow);
      CHECK(slow.pid == started.pid);
      const Message exited = launcher.Next(9);
      CHECK(exited.kind == Kind::kExited);
      CHECK(exited.timed_out);
    }
    SUBCASE("slow is not told of what ends in time") {
      LaunchRequest request = With(Program(10, "/bin/true"), kNeverInATest, kNeverInATest);
      request.slow_after = kNeverInATest;
      CHECK(launcher.Run(std::move(request)).exit_code == 0);
      CHECK(launcher.Rest().empty());
    }
    SUBCASE("deadlines are served in their order, not in that of the launches") {
      for (std::uint64_t ticket = 1; ticket <= 6; ++ticket) {
        const Milliseconds timeout{1800.0 - 250.0 * static_cast<double>(ticket)};
        launcher->Launch(With(Program(ticket, "/bin/sleep", {"1000"}), timeout, kNeverInATest));
      }
      std::vector<std::uint64_t> order;
      REQUIRE(Eventually([&] {
        for (const Message& message : launcher.Rest()) {
          if (message.kind == Kind::kExited && message.timed_out) order.push_back(message.ticket);
        }
        return order.size() == 6;
      }));
      CHECK(std::is_sorted(order.rbegin(), order.rend()));
    }
    SUBCASE("deadlines of children that are gone touch nobody") {
      // Enough of them that the heap is cleared of them, more than once.
      for (std::uint64_t ticket = 1; ticket <= 300; ++ticket) {
        launcher->Launch(With(Program(ticket, "/bin/true"), Milliseconds{1500}, Milliseconds{0}));
      }
      for (std::uint64_t ticket = 1; ticket <= 300; ++ticket) {
        REQUIRE(launcher.Next(ticket).kind == Kind::kStarted);
        CHECK(launcher.Next(ticket).exit_code == 0);
      }
      const Message late = launcher.Run(With(Program(301, "/bin/sleep", {"1000"}), Milliseconds{1700}, kNeverInATest));
      CHECK(late.timed_out);
      CHECK(late.duration_ms >= 1700);
    }
  });
}

TEST_CASE("signals and termination on request") {
  WithAndWithoutDescriptors([](const LauncherOptions& options) {
    TemporaryFolder folder;
    TestLauncher launcher(options);

    SUBCASE("a signal goes to the group") {
      const std::string file = folder / "member";
      launcher.Start(Shell(1, "sleep 1000 & echo $! > " + file + "; wait"));
      const pid_t member = PidIn(file);
      CHECK(launcher->Signal(1, SIGUSR1));
      CHECK(launcher.Next(1).signal == SIGUSR1);
      CHECK(Eventually([&] { return !Lives(member); }));
    }
    SUBCASE("neither finds what has ended or never was") {
      launcher.Run(Program(2, "/bin/true"));
      CHECK(!launcher->Signal(2, SIGTERM));
      CHECK(!launcher->Terminate(2, kSoon));
      CHECK(!launcher->Signal(99, SIGTERM));
      CHECK(!launcher->Terminate(99, kSoon));
    }
    SUBCASE("termination is not a timeout, and kills in the end") {
      const std::string ready = folder / "ready";
      LaunchRequest request = Shell(3, "trap '' TERM; echo > " + ready + "; while :; do sleep 0.01; done");
      request.timeout = kNeverInATest;
      request.slow_after = kNeverInATest;
      launcher.Start(std::move(request));
      REQUIRE(Eventually([&] { return Exists(ready); }));
      CHECK(launcher->Terminate(3, kSoon));
      const Message exited = launcher.Next(3);
      CHECK(exited.kind == Kind::kExited);
      CHECK(exited.signal == SIGKILL);
      CHECK(!exited.timed_out);
    }
    SUBCASE("a second termination can only hasten the end") {
      const std::string ready = folder / "ready";
      launcher.Start(Shell(4, "trap '' TERM; echo > " + ready + "; while :; do sleep 0.01; done"));
      REQUIRE(Eventually([&] { return Exists(ready); }));
      CHECK(launcher->Terminate(4, kNeverInATest));
      CHECK(launcher->Terminate(4, kSoon));
      CHECK(launcher->Terminate(4, kNeverInATest));
      CHECK(launcher.Next(4).signal == SIGKILL);
    }
    SUBCASE("a child is found as soon as it is told to have started") {
      for (std::uint64_t ticket = 10; ticket < 60; ++ticket) {
        launcher.Start(Program(ticket, "/bin/sleep", {"1000"}));
        CHECK(launcher->Terminate(ticket, kNeverInATest));
        CHECK(launcher.Next(ticket).signal == SIGTERM);
      }
    }
  });
}

TEST_CASE("what is terminated before it was begun never is") {
  LauncherOptions options;
  options.threads = 1;
  TestLauncher launcher(options);
  for (std::uint64_t ticket = 1; ticket <= 200; ++ticket) launcher->Launch(Program(ticket, "/bin/sleep", {"1000"}));
  std::size_t cancelled = 0;
  for (std::uint64_t ticket = 200; ticket >= 1; --ticket) {
    // Also the one that is being started at this moment.
    REQUIRE(launcher->Terminate(ticket, kNeverInATest));
    Message message = launcher.Next(ticket);
    if (message.kind == Kind::kFailed) {
      CHECK(message.error->error_number == ECANCELED);
      CHECK(message.error->path == "/bin/sleep");
      ++cancelled;
    } else {
      REQUIRE(message.kind == Kind::kStarted);
      CHECK(launcher.Next(ticket).signal == SIGTERM);
    }
  }
  CHECK(cancelled > 0);
  CHECK(CountChildren() == 0);
}
