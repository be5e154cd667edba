#include <algorithm>
#include <csignal>
#include <map>
#include <string>
#include <vector>

#include "core/process/warm_host.h"
#include "doctest/doctest.h"
#include "process_support.h"
#include "warm_support.h"

namespace ucb::test {

TEST_CASE("an answer of a host is taken apart") {
  using Kind = HostAnswer::Kind;
  using namespace std::string_view_literals;
  CHECK(HostAnswer::Parse("R"sv)->kind == Kind::kReady);
  CHECK(HostAnswer::Parse("E\0no memory"sv)->reason == "no memory");
  const auto forked = HostAnswer::Parse("P\0004711"sv);
  CHECK((forked->kind == Kind::kForked && forked->pid == 4711));
  const auto leaves = HostAnswer::Parse("X\0004711"sv);
  CHECK((leaves->kind == Kind::kLeaves && leaves->pid == 4711));
  const auto started = HostAnswer::Parse("S\00017\0004711"sv);
  CHECK((started->kind == Kind::kStarted && started->ticket == 17 && started->pid == 4711));
  const auto cold = HostAnswer::Parse("C\00017\0004711\0why\0not"sv);
  CHECK((cold->kind == Kind::kCold && cold->ticket == 17 && cold->pid == 4711 && cold->reason == "why\0not"sv));
  for (const std::string_view nonsense :
       {""sv, "N\0004711"sv, "P"sv, "P\000x"sv, "X\000-1"sv, "C\00017\000x\000why"sv, "S"sv, "S\0"sv, "S\00017"sv,
        "S\0seventeen\0001"sv, "S\00017\000-1"sv, "S\00017\0000"sv, "S\00017\0001x"sv, "Y\00017\0001"sv}) {
    CHECK_FALSE(HostAnswer::Parse(nonsense));
  }
}

TEST_CASE("a host begins a run as a child of this process, in a session of its own") {
  const Holdings holdings;
  const TemporaryFolder folder;
  WriteFile(folder / "s.py",
            "import os, sys\nprint(os.getpid() == os.getsid(0), os.getppid(), os.getcwd(), sys.stdin.read(), "
            "sorted(os.environ), sorted(os.listdir('/proc/self/fd')))\nsys.exit(7)\n");
  {
    WarmLauncher launcher;
    LaunchRequest request = Script(1, folder / "s.py");
    request.output = folder / "out";
    request.cwd = folder.path();
    launcher->Launch(std::move(request));
    const Message started = launcher.Next(1);
    REQUIRE(started.kind == Message::Kind::kStarted);
    CHECK(started.warm);
    CHECK(started.start_ticks > 0);
    CHECK(started.pid != launcher.host_pid);
    const Message exited = launcher.Next(1);
    CHECK(exited.kind == Message::Kind::kExited);
    CHECK(exited.exit_code == 7);
    CHECK(exited.pid == started.pid);
    CHECK(exited.max_rss_kb > 0);
    // Beyond the standard ones there is the one that lists them.
    CHECK(ReadFile(folder / "out") ==
          "True " + std::to_string(::getpid()) + " " + folder.path() + " the input\n ['PATH'] ['0', '1', '2', '3']\n");
  }
  CHECK(holdings.AreBack());
}

TEST_CASE("many runs, more than a host takes at once, all end once") {
  const Holdings holdings;
  const TemporaryFolder folder;
  WriteFile(folder / "s.py", "import os\nos._exit(int(os.environ['CODE']))\n");
  {
    WarmLauncher launcher;
    constexpr std::uint64_t kRuns = 200;
    for (std::uint64_t ticket = 1; ticket <= kRuns; ++ticket) {
      LaunchRequest request = Script(ticket, folder / "s.py");
      request.env.Add("CODE=" + std::to_string(ticket % 100));
      launcher->Launch(std::move(request));
    }
    for (std::uint64_t ticket = 1; ticket <= kRuns; ++ticket) {
      const Message started = launcher.Next(ticket);
      REQUIRE(started.kind == Message::Kind::kStarted);
      CHECK(started.warm);
      const Message exited = launcher.Next(ticket);
      REQUIRE(exited.kind == Message::Kind::kExited);
      CHECK(exited.exit_code == static_cast<int>(ticket % 100));
    }
    CHECK(launcher.Rest().empty());
  }
  CHECK(holdings.AreBack());
}

TEST_CASE("a host that is killed loses no run and begins none twice") {
  const Holdings holdings;
  const TemporaryFolder folder;
  WriteFile(folder / "s.py",
            "import os\nfd = os.open(os.environ['LIST'], os.O_WRONLY | os.O_APPEND)\n"
            "os.write(fd, (os.environ['TICKET'] + '\\n').encode())\n");
  const std::string list = folder / "list";
  WriteFile(list, "");
  constexpr std::uint64_t kRuns = 100;
  {
    WarmLauncher launcher;
    for (std::uint64_t ticket = 1; ticket <= kRuns; ++ticket) {
      LaunchRequest request = Script(ticket, folder / "s.py");
      request.env.Add("LIST=" + list);
      request.env.Add("TICKET=" + std::to_string(ticket));
      launcher->Launch(std::move(request));
    }
    std::size_t warm = 0;
    for (std::uint64_t ticket = 1; ticket <= kRuns; ++ticket) {
      if (ticket == 20) ::kill(launcher.host_pid, SIGKILL);
      Message message = launcher.Next(ticket);
      if (message.kind == Message::Kind::kCold) {
        CHECK(message.error->message == "the warm interpreter has ended");
        message = launcher.Next(ticket);
      }
      REQUIRE(message.kind == Message::Kind::kStarted);
      warm += message.warm ? 1 : 0;
      const Message exited = launcher.Next(ticket);
      REQUIRE(exited.kind == Message::Kind::kExited);
      CHECK(exited.exit_code == 0);
    }
    CHECK(warm >= 19);
    CHECK(warm < kRuns);
    // It is told that it can take no more, and how it ended; whichever comes first.
    Message first = launcher.Next(kHost);
    Message second = launcher.Next(kHost);
    if (first.kind == Message::Kind::kHostRefused) std::swap(first, second);
    CHECK(first.kind == Message::Kind::kExited);
    CHECK(first.signal == SIGKILL);
    CHECK(second.kind == Message::Kind::kHostRefused);
  }
  std::map<std::string, int> times;
  std::istringstream lines(ReadFile(list));
  for (std::string line; std::getline(lines, line);) ++times[line];
  CHECK(times.size() == kRuns);
  for (const auto& [ticket, count] : times) CHECK(count == 1);
  CHECK(holdings.AreBack());
}

TEST_CASE("where there is no host, or none that works, a run is launched without one, and the reason is told") {
  const TemporaryFolder folder;
  WriteFile(folder / "s.py", "print('cold')\n");
  TestLauncher launcher;
  const auto cold = [&](std::uint64_t ticket, std::uint64_t host) {
    launcher->Launch(Script(ticket, folder / "s.py", host));
    const Message told = launcher.Next(ticket);
    REQUIRE(told.kind == Message::Kind::kCold);
    const Message started = launcher.Next(ticket);
    REQUIRE(started.kind == Message::Kind::kStarted);
    CHECK_FALSE(started.warm);
    CHECK(launcher.Next(ticket).exit_code == 0);
    return told.error->message;
  };
  launcher->OpenHost(Host(kHost, "/bin/sh", {"-c", "echo something is missing >&2; exit 3"}));
  CHECK(launcher.Next(kHost).kind == Message::Kind::kStarted);
  Message first = launcher.Next(kHost);
  Message second = launcher.Next(kHost);
  if (first.kind == Message::Kind::kHostRefused) std::swap(first, second);
  CHECK(first.exit_code == 3);
  REQUIRE(second.kind == Message::Kind::kHostRefused);
  CHECK(second.error->message == "the warm interpreter did not start: something is missing");
  CHECK(cold(1, kHost) == "its warm interpreter has ended");
  CHECK(cold(2, 5) == "its warm interpreter has ended");

  launcher->OpenHost(Host(kHost + 1, "/nowhere/python3"));
  const Message failed = launcher.Next(kHost + 1);
  REQUIRE(failed.kind == Message::Kind::kFailed);
  CHECK(failed.error->error_number == ENOENT);
  CHECK(cold(3, kHost + 1) == "its warm interpreter has ended");

  launcher->OpenHost(
      Host(kHost + 2, kPython, {"-u", "-B", kRuntime + "/warm_host.py", UCB_FORK_HOST, "no_such_module"}));
  CHECK(launcher.Next(kHost + 2).kind == Message::Kind::kStarted);
  CHECK(cold(4, kHost + 2).find("no_such_module cannot be loaded") != std::string::npos);

  const std::string library = folder / "fork_host.so";
  for (std::uint64_t host = kHost + 3; host != kHost + 5; ++host) {
    launcher->OpenHost(Host(host, kPython, {"-u", "-B", kRuntime + "/warm_host.py", library}));
    CHECK(launcher.Next(host).kind == Message::Kind::kStarted);
    const std::string reason = cold(host - kHost + 2, host);
    CAPTURE(reason);
    CHECK(reason.find("its library cannot be loaded: " + library) != std::string::npos);
    WriteFile(library, "made for another machine");
  }
}

TEST_CASE("what a host cannot prepare is launched without it, and fails as it does there") {
  const TemporaryFolder folder;
  WriteFile(folder / "s.py", "");
  WarmLauncher launcher;
  LaunchRequest request = Script(1, folder / "s.py");
  request.cwd = folder / "nowhere";
  launcher->Launch(std::move(request));
  CHECK(launcher.Next(1).kind == Message::Kind::kCold);
  const Message failed = launcher.Next(1);
  REQUIRE(failed.kind == Message::Kind::kFailed);
  CHECK(failed.error->syscall == "chdir");

  request = Script(2, folder / "s.py");
  request.output = "/proc/nowhere/out";
  launcher->Launch(std::move(request));
  CHECK(launcher.Next(2).kind == Message::Kind::kCold);
  CHECK(launcher.Next(2).kind == Message::Kind::kFailed);
}

TEST_CASE("requests of any length arrive whole") {
  const TemporaryFolder folder;
  WriteFile(folder / "s.py",
            "import os, sys\nprint(sum(len(v) for v in os.environ.values()), len(sys.argv), len(sys.stdin.read()))\n");
  WarmLauncher launcher;
  std::uint64_t ticket = 0;
  for (const std::size_t length : {10UL, 8'000UL, 9'000UL, 100'000UL}) {
    LaunchRequest request = Script(++ticket, folder / "s.py");
    request.payload = std::string(length * 10, 'x');
    for (int index = 0; index < 10; ++index)
      request.env.Add("V" + std::to_string(index) + "=" + std::string(length, 'y'));
    for (int index = 0; index < 100; ++index) request.argv.Add("");
    request.output = folder / std::to_string(length);
    const Message exited = launcher.Run(std::move(request));
    CHECK(exited.exit_code == 0);
    CHECK(ReadFile(folder / std::to_string(length)) ==
          std::to_string(length * 10 + std::string("/usr/bin:/bin").size()) + " 101 " + std::to_string(length * 10) +
              "\n");
  }
}

TEST_CASE("deadlines and signals reach a run of a host") {
  const TemporaryFolder folder;
  WriteFile(folder / "s.py", "import signal\nsignal.pause()\n");
  WarmLauncher launcher;
  LaunchRequest request = Script(1, folder / "s.py");
  request.slow_after = Milliseconds{50};
  request.timeout = Milliseconds{100};
  launcher->Launch(std::move(request));
  CHECK(launcher.Next(1).warm);
  CHECK(launcher.Next(1).kind == Message::Kind::kSlow);
  const Message late = launcher.Next(1);
  CHECK(late.timed_out);
  CHECK(late.signal == SIGTERM);

  CHECK(launcher.Start(Script(2, folder / "s.py")).warm);
  CHECK(launcher->Signal(2, SIGUSR1));
  CHECK(launcher.Next(2).signal == SIGUSR1);
  CHECK(launcher.Start(Script(3, folder / "s.py")).warm);
  CHECK(launcher->Terminate(3, Milliseconds{60'000}));
  CHECK(launcher.Next(3).signal == SIGTERM);
}

TEST_CASE("runs outlive their host") {
  const Holdings holdings;
  const TemporaryFolder folder;
  WriteFile(folder / "s.py", kUntilGo);
  {
    WarmLauncher launcher;
    const Message started = launcher.Start(ScriptIn(folder, 1));
    launcher->CloseHost(kHost);
    const Message gone = launcher.Next(kHost);
    CHECK(gone.kind == Message::Kind::kExited);
    CHECK(gone.exit_code == 0);
    CHECK(Lives(started.pid));
    WriteFile(folder / "go", "");
    CHECK(launcher.Next(1).exit_code == 0);
  }
  CHECK(holdings.AreBack());
}

TEST_CASE("a launcher that stops leaves running what runs, and begins nothing more") {
  const Holdings holdings;
  const TemporaryFolder folder;
  WriteFile(folder / "s.py",
            "import os, time\nopen('began-' + os.environ['TICKET'], 'w').close()\n"
            "while not os.path.exists('go'):\n  time.sleep(0.01)\n");
  std::size_t began = 0;
  {
    WarmLauncher launcher;
    LaunchMany(launcher, folder, 40);
    REQUIRE(launcher.Next(3).kind == Message::Kind::kStarted);
    launcher->Stop();
    CHECK(Eventually([&] { return !Lives(launcher.host_pid); }));
    const std::vector<Message> rest = launcher.Rest();
    began = 1 + static_cast<std::size_t>(std::count_if(rest.begin(), rest.end(), [](const Message& message) {
              return message.kind == Message::Kind::kStarted;
            }));
    CHECK(began < 40);
  }
  CHECK(Eventually([&] { return CountEntries(folder.path()) == began + 1; }));
  WriteFile(folder / "go", "");
  CHECK(holdings.AreBack());
  CHECK(CountEntries(folder.path()) == began + 2);
}

}  // namespace ucb::test
