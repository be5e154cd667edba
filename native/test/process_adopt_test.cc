#include <sys/prctl.h>
#include <sys/utsname.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "process_support.h"

using namespace ucb;
using namespace ucb::test;

namespace {

using Kind = Message::Kind;

constexpr Milliseconds kSoon{60};

// A process that is not our child, because the shell between has ended. Who its parent is, is the test's choice.
class Foreign {
 public:
  Foreign(const TemporaryFolder& folder, const std::string& script) {
    const std::string file = folder / "foreign";
    const std::string program = folder / "foreign.sh";
    WriteFile(program, "echo $$ > " + file + ".new; mv " + file + ".new " + file + "; " + script);
    const std::string command = "setsid /bin/sh " + program + " &";
    REQUIRE(std::system(command.c_str()) == 0);
    REQUIRE(Eventually([&] { return Exists(file); }));
    pid_ = std::atoi(ReadFile(file).c_str());
    REQUIRE(::unlink(file.c_str()) == 0);
    start_ticks_ = platform::StartTicks(pid_);
    REQUIRE(start_ticks_ != 0);
  }
  ~Foreign() { ::kill(-pid_, SIGKILL); }
  Foreign(const Foreign&) = delete;
  Foreign& operator=(const Foreign&) = delete;

  pid_t pid() const { return pid_; }
  AdoptRequest Request(std::uint64_t ticket) const {
    AdoptRequest request;
    request.ticket = ticket;
    request.pid = pid_;
    request.start_ticks = start_ticks_;
    request.started_at_ms = Message::UnixMilliseconds();
    return request;
  }

 private:
  pid_t pid_ = 0;
  std::uint64_t start_ticks_ = 0;
};

// Until it ends, processes that lose their parent become ours.
class Subreaper {
 public:
  Subreaper() { REQUIRE(::prctl(PR_SET_CHILD_SUBREAPER, 1) == 0); }
  ~Subreaper() { ::prctl(PR_SET_CHILD_SUBREAPER, 0); }
};

bool SystemKeepsStatus() {
  utsname name{};
  int major = 0;
  int minor = 0;
  return ::uname(&name) == 0 && std::sscanf(name.release, "%d.%d", &major, &minor) == 2 &&
         (major > 6 || (major == 6 && minor >= 15));
}

}  // namespace

TEST_CASE("processes that somebody else has started") {
  LauncherOptions options;
  SUBCASE("this system") {}
  SUBCASE("no descriptors for processes") {
    options.capabilities.process_descriptors = false;
  }
  const bool known = options.capabilities.process_descriptors && SystemKeepsStatus();
  TemporaryFolder folder;
  const std::string go = folder / "go";
  const std::string wait = "until test -e " + go + "; do sleep 0.01; done; ";
  const Holdings before;
  {
    TestLauncher launcher(options);

    SUBCASE("are waited for") {
      const Foreign foreign(folder, wait + "exit 9");
      launcher->Adopt(foreign.Request(1));
      CHECK(launcher->Signal(1, SIGCONT));
      WriteFile(go, "");
      const Message exited = launcher.Next(1);
      CHECK(exited.kind == Kind::kExited);
      CHECK(exited.pid == foreign.pid());
      CHECK((exited.exit_code == 9 || (!known && exited.exit_code == -1)));
      CHECK(exited.signal == 0);
      CHECK(exited.max_rss_kb == -1);
      CHECK(!launcher->Signal(1, SIGCONT));
      REQUIRE(Eventually([&] { return platform::StartTicks(foreign.pid()) == 0; }));
      launcher->Adopt(foreign.Request(2));
      const Message failed = launcher.Next(2);
      REQUIRE(failed.kind == Kind::kFailed);
      CHECK(failed.error->error_number == ESRCH);
    }
    SUBCASE("tell everything if they have become our children") {
      const Subreaper subreaper;
      const Foreign foreign(folder, wait + "kill -SEGV $$");
      launcher->Adopt(foreign.Request(1));
      WriteFile(go, "");
      const Message exited = launcher.Next(1);
      CHECK(exited.signal == SIGSEGV);
      CHECK(exited.max_rss_kb > 0);
    }
    SUBCASE("may have ended, unreaped, before") {
      const Subreaper subreaper;
      const Foreign foreign(folder, "exit 4");
      REQUIRE(Eventually([&] { return !Lives(foreign.pid()); }));
      launcher->Adopt(foreign.Request(1));
      CHECK(launcher.Next(1).exit_code == 4);
    }
    SUBCASE("end in time, whatever they do") {
      const Foreign foreign(folder, "trap '' TERM; sleep 1000 & echo $! > " + go + "; wait; sleep 1000");
      REQUIRE(Eventually([&] { return ReadFile(go).ends_with('\n'); }));
      const pid_t member = std::atoi(ReadFile(go).c_str());
      AdoptRequest request = foreign.Request(1);
      request.started_at_ms -= 60000;
      request.slow_after = Milliseconds{1000};
      request.timeout = Milliseconds{2000};
      request.kill_after = kSoon;
      launcher->Adopt(request);
      CHECK(launcher.Next(1).kind == Kind::kSlow);
      const Message exited = launcher.Next(1);
      CHECK(exited.timed_out);
      CHECK((exited.signal == SIGKILL || (!known && exited.signal == 0)));
      CHECK(exited.duration_ms >= 60000);
      CHECK(Eventually([&] { return !Lives(member); }));
    }
    SUBCASE("take the rest of their group with them when terminated") {
      const Foreign foreign(folder, "(trap '' TERM; while :; do sleep 0.01; done) & echo $! > " + go + "; sleep 1000");
      REQUIRE(Eventually([&] { return ReadFile(go).ends_with('\n'); }));
      const pid_t member = std::atoi(ReadFile(go).c_str());
      launcher->Adopt(foreign.Request(1));
      CHECK(launcher->Terminate(1, Milliseconds{600000}));
      CHECK(!launcher.Next(1).timed_out);
      CHECK(Eventually([&] { return !Lives(member); }));
    }
    SUBCASE("are taken once") {
      const Foreign foreign(folder, wait);
      launcher->Adopt(foreign.Request(1));
      launcher->Adopt(foreign.Request(2));
      const Message failed = launcher.Next(2);
      CHECK(failed.kind == Kind::kFailed);
      CHECK(failed.error->error_number == EBUSY);
      WriteFile(go, "");
      CHECK(launcher.Next(1).kind == Kind::kExited);
    }
    SUBCASE("are not taken for others of the same number") {
      const Foreign foreign(folder, "sleep 1000");
      AdoptRequest request = foreign.Request(1);
      for (const std::uint64_t ticks : {request.start_ticks - 1, request.start_ticks + 1, std::uint64_t{0}}) {
        ++request.ticket;
        request.start_ticks = ticks;
        request.timeout = Milliseconds{1};
        launcher->Adopt(request);
        CHECK(launcher.Next(request.ticket).error->error_number == ESRCH);
      }
      CHECK(Lives(foreign.pid()));
    }
    SUBCASE("are left with their deadlines") {
      const Foreign foreign(folder, "sleep 1000");
      AdoptRequest request = foreign.Request(1);
      request.timeout = Milliseconds{500};
      launcher->Adopt(request);
      launcher->Stop();
      CHECK(Eventually([&] { return !Lives(foreign.pid()); }));
    }
    SUBCASE("come and go in numbers beside launched ones") {
      std::vector<std::unique_ptr<Foreign>> foreign;
      for (std::uint64_t ticket = 1; ticket <= 20; ++ticket) {
        foreign.push_back(std::make_unique<Foreign>(folder, wait + "exit 3"));
        launcher->Adopt(foreign.back()->Request(ticket));
        launcher->Launch(Program(100 + ticket, "/bin/true"));
      }
      WriteFile(go, "");
      for (std::uint64_t ticket = 1; ticket <= 20; ++ticket) {
        const Message exited = launcher.Next(ticket);
        CHECK((exited.exit_code == 3 || (!known && exited.exit_code == -1)));
        CHECK(launcher.Next(100 + ticket).kind == Kind::kStarted);
        CHECK(launcher.Next(100 + ticket).exit_code == 0);
      }
    }
  }
  CHECK(before.AreBack());
}
