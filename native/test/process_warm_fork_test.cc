#include <csignal>
#include <string>
#include <utility>
#include <vector>

#include "doctest/doctest.h"
#include "process_support.h"
#include "warm_support.h"

namespace ucb::test {
namespace {

// Its host takes no more, and has ended: in which order this is told is a matter of chance.
std::string WhyRefused(WarmLauncher& launcher) {
  Message first = launcher.Next(kHost);
  Message second = launcher.Next(kHost);
  if (first.kind == Message::Kind::kHostRefused) std::swap(first, second);
  REQUIRE(first.kind == Message::Kind::kExited);
  REQUIRE(second.kind == Message::Kind::kHostRefused);
  return second.error->message;
}

void Signal(const std::vector<pid_t>& pids, int signal) {
  for (const pid_t pid : pids) ::kill(pid, signal);
}

const std::string kNoteBeginning = "open('began-' + __import__('os').environ['TICKET'], 'x').close()\n";

}  // namespace

TEST_CASE("a fork that is killed while it waits ends its host, and nothing is left") {
  const Holdings holdings;
  const TemporaryFolder folder;
  WriteFile(folder / "s.py", "");
  {
    WarmLauncher launcher;
    ::kill(AllWaitingForks(launcher.host_pid).front(), SIGKILL);
    CHECK(WhyRefused(launcher) == "a fork of the warm interpreter has ended before its run");
    launcher->Launch(Script(1, folder / "s.py"));
    CHECK(launcher.Next(1).kind == Message::Kind::kCold);
    CHECK(launcher.Next(1).kind == Message::Kind::kStarted);
    CHECK(launcher.Next(1).exit_code == 0);
    CHECK(Eventually([] { return CountChildren() == 0; }));
  }
  CHECK(holdings.AreBack());
}

TEST_CASE("a fork that is killed with requests at its channel loses none of them") {
  const Holdings holdings;
  const TemporaryFolder folder;
  WriteFile(folder / "s.py", kNoteBeginning);
  {
    WarmLauncher launcher;
    std::vector<pid_t> forks = AllWaitingForks(launcher.host_pid);
    ::kill(launcher.host_pid, SIGSTOP);
    Signal(forks, SIGSTOP);
    LaunchMany(launcher, folder, 20);
    ::kill(forks.back(), SIGKILL);
    forks.pop_back();
    // Its host ends of that.
    CHECK(launcher.Next(kHost).kind == Message::Kind::kExited);
    Signal(forks, SIGCONT);
    std::size_t cold = 0;
    for (std::uint64_t ticket = 1; ticket <= 20; ++ticket) {
      Message message = launcher.Next(ticket);
      if (message.kind == Message::Kind::kCold) {
        CHECK(message.error->message == "a fork of the warm interpreter has ended before its run");
        message = launcher.Next(ticket);
        ++cold;
      }
      CHECK(message.kind == Message::Kind::kStarted);
      CHECK(launcher.Next(ticket).exit_code == 0);
    }
    CHECK(cold >= 20 - forks.size());
    CHECK(Eventually([] { return CountChildren() == 0; }));
  }
  CHECK(CountEntries(folder.path()) == 21);
  CHECK(holdings.AreBack());
}

TEST_CASE("a host that is killed takes its waiting forks along, and no run that has begun") {
  const Holdings holdings;
  const TemporaryFolder folder;
  WriteFile(folder / "s.py", kUntilGo);
  {
    WarmLauncher launcher;
    const Message started = launcher.Start(ScriptIn(folder, 1));
    CHECK(started.warm);
    AllWaitingForks(launcher.host_pid);
    ::kill(launcher.host_pid, SIGKILL);
    CHECK(WhyRefused(launcher) == "the warm interpreter has ended");
    // The run.
    CHECK(Eventually([] { return CountChildren() == 1; }));
    CHECK(Lives(started.pid));
    WriteFile(folder / "go", "");
    CHECK(launcher.Next(1).exit_code == 0);
  }
  CHECK(holdings.AreBack());
}

TEST_CASE("a host that is killed while its forks are stopped loses nothing that waits at their channel") {
  const Holdings holdings;
  const TemporaryFolder folder;
  WriteFile(folder / "s.py", kNoteBeginning);
  {
    WarmLauncher launcher;
    const std::vector<pid_t> forks = AllWaitingForks(launcher.host_pid);
    Signal(forks, SIGSTOP);
    LaunchMany(launcher, folder, 3);
    ::kill(launcher.host_pid, SIGKILL);
    CHECK(launcher.Next(kHost).kind == Message::Kind::kExited);
    Signal(forks, SIGCONT);
    for (std::uint64_t ticket = 1; ticket <= 3; ++ticket) {
      Message message = launcher.Next(ticket);
      if (message.kind == Message::Kind::kCold) message = launcher.Next(ticket);
      CHECK(message.kind == Message::Kind::kStarted);
      CHECK(launcher.Next(ticket).exit_code == 0);
    }
    CHECK(Eventually([] { return CountChildren() == 0; }));
  }
  CHECK(CountEntries(folder.path()) == 4);
  CHECK(holdings.AreBack());
}

TEST_CASE("a host that is closed leaves no fork behind") {
  const Holdings holdings;
  const TemporaryFolder folder;
  WriteFile(folder / "s.py", "");
  {
    WarmLauncher launcher;
    // Closed at each moment of a run: before it has begun, and while the next fork is made.
    CHECK(launcher.Run(Script(1, folder / "s.py")).exit_code == 0);
    launcher->Launch(Script(2, folder / "s.py"));
    launcher->CloseHost(kHost);
    CHECK(launcher.Next(2).kind == Message::Kind::kStarted);
    CHECK(launcher.Next(2).exit_code == 0);
    const Message gone = launcher.Next(kHost);
    CHECK(gone.kind == Message::Kind::kExited);
    CHECK(gone.exit_code == 0);
    CHECK(Eventually([] { return CountChildren() == 0; }));
    launcher->Launch(Script(3, folder / "s.py"));
    CHECK(launcher.Next(3).kind == Message::Kind::kCold);
    CHECK(launcher.Next(3).kind == Message::Kind::kStarted);
    CHECK(launcher.Next(3).exit_code == 0);
  }
  CHECK(holdings.AreBack());
}

TEST_CASE("a launcher that stops leaves neither its hosts nor their forks behind") {
  const Holdings holdings;
  {
    WarmLauncher launcher;
    launcher->OpenHost(PythonHost(kHost + 1));
    CHECK(launcher.Next(kHost + 1).kind == Message::Kind::kStarted);
    launcher->Stop();
    CHECK(Eventually([] { return CountChildren() == 0; }));
  }
  CHECK(holdings.AreBack());
}

}  // namespace ucb::test
