#include <sys/resource.h>

#include <cerrno>
#include <csignal>

#include "process_support.h"

using namespace ucb;
using namespace ucb::test;

namespace {

LaunchRequest Limited(LaunchRequest request, const ProcessLimits& limits, const std::string& output) {
  request.limits = limits;
  request.output = output;
  return request;
}

int PresentNice() {
  return ::getpriority(PRIO_PROCESS, 0);
}

}  // namespace

TEST_CASE("limits hold when the program begins") {
  const Holdings before;
  TemporaryFolder folder;
  const std::string output = folder / "output";
  {
    LauncherOptions options;
    SUBCASE("this system") {}
    SUBCASE("an older system") {
      options.capabilities.close_range = false;
    }
    TestLauncher launcher(options);
    ProcessLimits limits;
    limits.nice = 5;
    limits.memory = 1 << 30;
    limits.files = 64;
    limits.file_size = 512000;

    SUBCASE("all of them, with the rest as without") {
      // Inherited unless closed.
      const UniqueFd open(::dup(0));
      LaunchRequest request =
          Shell(1,
                "nice; ulimit -v -H; ulimit -n; ulimit -n -H; ulimit -f; read line; echo $line; pwd;"
                "read pid comm state ppid pgrp session rest < /proc/$$/stat;"
                "test $$ = $pgrp && test $$ = $session && ls /proc/$$/fd; exec grep SigBlk /proc/self/status");
      request.payload = "input\n";
      request.cwd = folder.path();
      CHECK(launcher.Run(Limited(std::move(request), limits, output)).exit_code == 0);
      CHECK(ReadFile(output) == std::to_string(PresentNice() + 5) + "\n1048576\n64\n64\n1000\ninput\n" + folder.path() +
                                    "\n0\n1\n2\nSigBlk:\t0000000000000000\n");
    }
    SUBCASE("output that grows beyond is cut, by a signal") {
      const Message exited = launcher.Run(Limited(Program(1, "/bin/cat", {"/dev/zero"}), limits, output));
      CHECK(exited.signal == SIGXFSZ);
      CHECK(ReadFile(output).size() == 512000);
    }
    SUBCASE("nobody stands back further than there is") {
      limits = {};
      limits.nice = 19;
      launcher.Run(Limited(Shell(1, "nice -n 3 nice; nice"), limits, output));
      CHECK(ReadFile(output) == "19\n19\n");
    }
    SUBCASE("its session stands back, too, where the system has such groups") {
      limits = {};
      limits.nice = 3;
      // Without privileges the system lets one change ten of them a second, of everybody's.
      const bool free_to_change =
          launcher.Run(Shell(1, "for i in 1 2 3; do echo 0 > /proc/self/autogroup || exit 1; done")).exit_code == 0;
      // It is set from outside, as soon as the program runs.
      LaunchRequest request =
          Limited(Shell(1, "until grep -q 'nice 3' /proc/self/autogroup; do sleep 0.01; done"), limits, output);
      request.timeout = Milliseconds(30'000);
      if (free_to_change) CHECK(launcher.Run(std::move(request)).exit_code == 0);
    }
    SUBCASE("none is raised") {
      rlimit present{};
      REQUIRE(::getrlimit(RLIMIT_NOFILE, &present) == 0);
      limits = {};
      limits.files = 1ULL << 40;
      launcher.Run(Limited(Shell(1, "ulimit -H -n; ulimit -n"), limits, output));
      const std::string most = std::to_string(present.rlim_max) + "\n";
      CHECK(ReadFile(output) == most + most);
    }
    SUBCASE("failures name their step") {
      LaunchRequest request = Limited(Program(1, "/nowhere"), limits, output);
      Error error = launcher.Fail(std::move(request));
      CHECK(error.error_number == ENOENT);
      CHECK(error.syscall == "execve");
      CHECK(error.path == "/nowhere");
      request = Limited(Program(2, "/bin/true"), limits, output);
      request.cwd = folder / "missing";
      error = launcher.Fail(std::move(request));
      CHECK(error.error_number == ENOENT);
      CHECK(error.syscall == "chdir");
      CHECK(error.path == folder / "missing");
    }
    SUBCASE("deadlines and signals are as ever") {
      LaunchRequest request = Limited(Shell(1, "sleep 1000"), limits, output);
      request.timeout = Milliseconds{50};
      const Message exited = launcher.Run(std::move(request));
      CHECK(exited.timed_out);
      CHECK(exited.signal == SIGTERM);
    }
    SUBCASE("many at once, beside others") {
      for (std::uint64_t ticket = 1; ticket <= 100; ++ticket) {
        LaunchRequest request = Shell(ticket, "exit 3");
        if (ticket % 2 == 0) request.limits = limits;
        launcher->Launch(std::move(request));
      }
      for (std::uint64_t ticket = 1; ticket <= 100; ++ticket) {
        CHECK(launcher.Next(ticket).kind == Message::Kind::kStarted);
        CHECK(launcher.Next(ticket).exit_code == 3);
      }
    }
  }
  CHECK(before.AreBack());
}
