#include <sys/wait.h>

#include <csignal>

#include "core/process/start_gate.h"
#include "process_support.h"
#include "warm_support.h"

using namespace ucb;
using namespace ucb::test;

namespace {

using Kind = Message::Kind;

// Runs until it is destroyed: asleep, or busy.
class OtherProcess {
 public:
  explicit OtherProcess(bool is_busy) : pid_(::fork()) {
    while (pid_ == 0) {
      if (!is_busy) ::pause();
    }
    REQUIRE(pid_ > 0);
  }
  ~OtherProcess() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  OtherProcess(const OtherProcess&) = delete;
  OtherProcess& operator=(const OtherProcess&) = delete;

  pid_t pid() const { return pid_; }

 private:
  const pid_t pid_;
};

LauncherOptions OneAtOnce() {
  LauncherOptions options;
  options.starting_at_once = 1;
  return options;
}

LaunchRequest Waiting(std::uint64_t ticket, const std::string& go) {
  return Shell(ticket, "until test -e " + go + "; do sleep 0.01; done");
}

}  // namespace

TEST_CASE("the gate lets as many in as it is to, and says when one has left") {
  int rooms = 0;
  StartGate gate(2, [&] { ++rooms; });
  const auto begin = StartGate::TimePoint::clock::now();
  // Unless the machine stands still meanwhile, in which case they are young no more: then it is tried again.
  const bool was_seen = Eventually([&] {
    rooms = 0;
    REQUIRE_FALSE(gate.Enter(1));
    REQUIRE_FALSE(gate.Enter(2));
    const auto again = gate.Enter(3);
    const bool is_refused = again.has_value();
    if (is_refused) {
      CHECK(*again > begin);
      gate.Leave(4);
      CHECK(rooms == 0);
      gate.Leave(1);
      CHECK(rooms == 1);
      CHECK_FALSE(gate.Enter(3));
      // Nobody has been refused since.
      gate.Leave(2);
      CHECK(rooms == 1);
    }
    for (const std::uint64_t ticket : {1, 2, 3}) gate.Leave(ticket);
    return is_refused;
  });
  CHECK(was_seen);
}

TEST_CASE("a gate for any number refuses nobody") {
  StartGate gate(0, [] { FAIL("nobody waits"); });
  for (std::uint64_t ticket = 1; ticket <= 1000; ++ticket) CHECK_FALSE(gate.Enter(ticket));
  gate.Leave(1);
}

TEST_CASE("a process that sleeps, or has been busy for long enough, keeps nobody out") {
  for (const bool is_busy : {false, true}) {
    CAPTURE(is_busy);
    const OtherProcess process(is_busy);
    StartGate gate(1, [] { FAIL("it does not end"); });
    REQUIRE_FALSE(gate.Enter(1));
    gate.Begin(1, process.pid());
    CHECK(Eventually([&] { return !gate.Enter(2); }));
  }
}

TEST_CASE("a process that is idle is told from a busy one") {
  const OtherProcess sleeper(false);
  const OtherProcess worker(true);
  CHECK(Eventually([&] { return platform::IsIdle(sleeper.pid()); }));
  CHECK(Eventually([&] { return !platform::IsIdle(worker.pid()); }));
  pid_t gone = 0;
  {
    const OtherProcess ended(false);
    gone = ended.pid();
  }
  CHECK(platform::IsIdle(gone));
}

TEST_CASE("a launcher that lets one in at once begins all it is asked for") {
  TemporaryFolder folder;
  const Holdings before;
  {
    TestLauncher launcher(OneAtOnce());
    constexpr std::uint64_t kCount = 40;
    const std::string go = folder / "go";
    launcher->Launch(Waiting(1, go));
    // One that cannot be started keeps nobody out.
    launcher->Launch(Program(2, folder / "none"));
    for (std::uint64_t ticket = 3; ticket <= kCount; ++ticket) launcher->Launch(Program(ticket, "/bin/true"));
    CHECK(launcher.Next(2).kind == Kind::kFailed);
    for (std::uint64_t ticket = 3; ticket <= kCount; ++ticket) {
      CHECK(launcher.Next(ticket).kind == Kind::kStarted);
      CHECK(launcher.Next(ticket).exit_code == 0);
    }
    WriteFile(go, "");
    CHECK(launcher.Next(1).kind == Kind::kStarted);
    CHECK(launcher.Next(1).exit_code == 0);
  }
  CHECK(before.AreBack());
}

TEST_CASE("a launcher that lets one in at once takes back what waits, and stops while it does") {
  TemporaryFolder folder;
  const std::string go = folder / "go";
  const Holdings before;
  for (int round = 0; round < 20; ++round) {
    TestLauncher launcher(OneAtOnce());
    for (std::uint64_t ticket = 1; ticket <= 10; ++ticket) launcher->Launch(Waiting(ticket, go));
    CHECK(launcher->Terminate(10, Milliseconds{0}));
    Message last = launcher.Next(10);
    if (last.kind == Kind::kStarted) last = launcher.Next(10);
    CHECK((last.kind == Kind::kFailed || last.signal != 0));
    launcher->Stop();
  }
  WriteFile(go, "");
  CHECK(before.AreBack());
}

TEST_CASE("two hosts of a launcher that lets one in at once begin all runs") {
  const Holdings before;
  const TemporaryFolder folder;
  WriteFile(folder / "s.py", "");
  {
    TestLauncher launcher(OneAtOnce());
    for (const std::uint64_t host : {kHost, kHost + 1}) {
      launcher->OpenHost(PythonHost(host));
      REQUIRE(launcher.Next(host).kind == Kind::kStarted);
      REQUIRE(launcher.Next(host).kind == Kind::kHostReady);
    }
    constexpr std::uint64_t kCount = 30;
    for (std::uint64_t ticket = 1; ticket <= kCount; ++ticket) {
      LaunchRequest request = Script(ticket, folder / "s.py", kHost + ticket % 2);
      request.cwd = folder.path();
      launcher->Queue(std::move(request));
    }
    launcher->HandOver();
    for (std::uint64_t ticket = 1; ticket <= kCount; ++ticket) {
      const Message started = launcher.Next(ticket);
      CHECK(started.kind == Kind::kStarted);
      CHECK(started.warm);
      CHECK(launcher.Next(ticket).exit_code == 0);
    }
  }
  CHECK(before.AreBack());
}
