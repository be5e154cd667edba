#include <fcntl.h>
#include <gnu/libc-version.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <set>

#include "core/process/thread.h"
#include "process_support.h"

using namespace ucb;
using namespace ucb::test;

namespace {

using Kind = Message::Kind;

// The same promises hold where the system or the C library is older.
template <typename Check>
void OnEverySystem(Check check) {
  LauncherOptions today;
  SUBCASE("this system") {
    check(today);
  }
  SUBCASE("no descriptors for processes") {
    today.capabilities.process_descriptors = false;
    check(today);
  }
  SUBCASE("a C library without addchdir and addclosefrom") {
    today.capabilities.add_chdir = nullptr;
    today.capabilities.add_close_from = nullptr;
    check(today);
  }
}

}  // namespace

TEST_CASE("a launched process: what it is given and what is told of it") {
  OnEverySystem([](const LauncherOptions& options) {
    TemporaryFolder folder;
    TestLauncher launcher(options);
    const std::string output = folder / "output";

    SUBCASE("exit codes") {
      CHECK(launcher.Run(Program(1, "/bin/true")).exit_code == 0);
      CHECK(launcher.Run(Program(2, "/bin/false")).exit_code == 1);
      const Message exited = launcher.Run(Shell(3, "exit 255"));
      CHECK(exited.exit_code == 255);
      CHECK(exited.signal == 0);
      CHECK(!exited.timed_out);
    }
    SUBCASE("signals that end it") {
      for (const int signal : {SIGKILL, SIGTERM, SIGSEGV}) {
        const Message exited = launcher.Run(Shell(4, "kill -" + std::to_string(signal) + " $$"));
        CHECK(exited.exit_code == -1);
        CHECK(exited.signal == signal);
      }
    }
    SUBCASE("its numbers") {
      const std::int64_t before = Message::UnixMilliseconds();
      const std::string go = folder / "go";
      const Message started = launcher.Start(Shell(5, "until test -e " + go + "; do sleep 0.01; done"));
      CHECK(started.at_ms >= before);
      CHECK(started.at_ms <= Message::UnixMilliseconds());
      // The 22nd field of its stat file; the name, "(sh)" or "(env)", holds no blank here.
      std::istringstream stat(ReadFile("/proc/" + std::to_string(started.pid) + "/stat"));
      std::string field;
      for (int index = 0; index < 22; ++index) stat >> field;
      CHECK(std::to_string(started.start_ticks) == field);
      WriteFile(go, "");
      const Message exited = launcher.Next(5);
      CHECK(exited.pid == started.pid);
      CHECK(exited.at_ms >= started.at_ms);
      CHECK(exited.duration_ms > 0);
      CHECK(exited.duration_ms < 60000);
      CHECK(exited.max_rss_kb > 0);
    }
    SUBCASE("processor time") {
      const Message exited = launcher.Run(Shell(6, "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done"));
      CHECK(exited.user_ms + exited.system_ms > 0);
      CHECK(exited.user_ms + exited.system_ms <= exited.duration_ms + 20);
    }
    SUBCASE("arguments and environment, and nothing else") {
      LaunchRequest request = Program(7, "/usr/bin/printenv");
      request.env = {"ONE=1", "EMPTY=", "ODD=a=b c\n\"d\""};
      request.output = output;
      CHECK(launcher.Run(std::move(request)).exit_code == 0);
      CHECK(ReadFile(output) == "ONE=1\nEMPTY=\nODD=a=b c\n\"d\"\n");
      request = Shell(8, "printf '[%s]' \"$@\"");
      for (const char* argument : {"name", "a b", "", "*", "$HOME"}) request.argv.Add(argument);
      request.output = folder / "arguments";
      CHECK(launcher.Run(std::move(request)).exit_code == 0);
      CHECK(ReadFile(folder / "arguments") == "[a b][][*][$HOME]");
    }
    SUBCASE("an empty environment") {
      LaunchRequest request = Program(9, "/usr/bin/printenv");
      request.env = {};
      request.output = output;
      CHECK(launcher.Run(std::move(request)).exit_code == 0);
      CHECK(ReadFile(output).empty());
    }
    SUBCASE("its working directory, while ours stays") {
      const std::string ours = std::filesystem::current_path();
      LaunchRequest request = Program(10, "/bin/pwd");
      request.cwd = std::filesystem::canonical(folder.path());
      request.output = output;
      CHECK(launcher.Run(std::move(request)).exit_code == 0);
      CHECK(ReadFile(output) == std::filesystem::canonical(folder.path()).string() + "\n");
      CHECK(std::filesystem::current_path() == ours);
    }
    SUBCASE("a payload of a megabyte on stdin, from its start") {
      LaunchRequest request = Program(11, "/bin/cat");
      std::string payload(1 << 20, 'x');
      for (std::size_t at = 0; at < payload.size(); at += 997) payload[at] = '\0';
      request.payload = payload;
      request.output = output;
      CHECK(launcher.Run(std::move(request)).exit_code == 0);
      CHECK(ReadFile(output) == payload);
    }
    SUBCASE("an empty payload, and none, are an end of file") {
      LaunchRequest request = Program(12, "/bin/cat");
      request.payload = "";
      CHECK(launcher.Run(std::move(request)).exit_code == 0);
      CHECK(launcher.Run(Program(13, "/bin/cat")).exit_code == 0);
    }
    SUBCASE("output is appended, in order, to a file made with its folders") {
      const std::string deep = folder / "a/b/c/output";
      for (const char* script : {"echo one; echo two >&2", "echo three"}) {
        LaunchRequest request = Shell(14, script);
        request.output = deep;
        CHECK(launcher.Run(std::move(request)).exit_code == 0);
      }
      CHECK(ReadFile(deep) == "one\ntwo\nthree\n");
      struct stat status {};
      REQUIRE(::stat(deep.c_str(), &status) == 0);
      const mode_t mask = ::umask(0);
      ::umask(mask);
      CHECK((status.st_mode & 07777) == (0640 & ~mask));
      REQUIRE(::stat((folder / "a/b").c_str(), &status) == 0);
      CHECK((status.st_mode & 07777) == (0750 & ~mask));
    }
    SUBCASE("no descriptor above 2, although ours are open and inheritable") {
      const UniqueFd inheritable(::open("/dev/null", O_RDONLY));
      const UniqueFd high(::fcntl(inheritable.get(), F_DUPFD, 700));
      REQUIRE(high);
      LaunchRequest request = Program(15, "/bin/ls", {"/proc/self/fd"});
      request.output = output;
      request.payload = "input";
      CHECK(launcher.Run(std::move(request)).exit_code == 0);
      // 3 is the folder that ls reads.
      CHECK(ReadFile(output) == "0\n1\n2\n3\n");
    }
    SUBCASE("a session and process group of its own") {
      LaunchRequest request = Shell(16, "cut -d' ' -f1,5,6 /proc/$$/stat");
      request.output = output;
      const Message exited = launcher.Run(std::move(request));
      const std::string pid = std::to_string(exited.pid);
      CHECK(ReadFile(output) == pid + " " + pid + " " + pid + "\n");
    }
    SUBCASE("default signals and no blocked ones, whatever ours are") {
      sigset_t blocked;
      sigset_t before;
      ::sigemptyset(&blocked);
      ::sigaddset(&blocked, SIGUSR1);
      ::sigaddset(&blocked, SIGTERM);
      REQUIRE(::pthread_sigmask(SIG_BLOCK, &blocked, &before) == 0);
      const auto old_pipe = ::signal(SIGPIPE, SIG_IGN);
      const auto old_hangup = ::signal(SIGHUP, SIG_IGN);
      // Its threads inherit what is blocked here, and block more.
      TestLauncher second(options);
      LaunchRequest request = Program(17, "/bin/cat", {"/proc/self/status"});
      request.output = output;
      CHECK(second.Run(std::move(request)).exit_code == 0);
      ::signal(SIGPIPE, old_pipe);
      ::signal(SIGHUP, old_hangup);
      ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
      // The C library keeps the signals 32 and 33 for itself, and lets spawned processes ignore them.
      constexpr unsigned long kInternal = 3UL << 31;
      const std::string status = ReadFile(output);
      for (const char* name : {"SigBlk:\t", "SigIgn:\t", "SigCgt:\t"}) {
        const std::size_t at = status.find(name);
        REQUIRE(at != std::string::npos);
        CHECK((std::stoul(status.substr(at + 8), nullptr, 16) & ~kInternal) == 0);
      }
    }
  });
}

TEST_CASE("what this system offers is found") {
  const auto capabilities = platform::Capabilities::Detect();
  int major = 0;
  int minor = 0;
  REQUIRE(std::sscanf(::gnu_get_libc_version(), "%d.%d", &major, &minor) == 2);
  const bool has_add_chdir = std::pair(major, minor) >= std::pair(2, 29);
  const bool has_add_close_from = std::pair(major, minor) >= std::pair(2, 34);
  CHECK((capabilities.add_chdir != nullptr) == has_add_chdir);
  CHECK((capabilities.add_close_from != nullptr) == has_add_close_from);
  const UniqueFd self(static_cast<int>(::syscall(434, ::getpid(), 0)));  // pidfd_open
  CHECK(capabilities.process_descriptors == static_cast<bool>(self));
}

TEST_CASE("argv[0] need not be the file") {
  TemporaryFolder folder;
  TestLauncher launcher;
  LaunchRequest request = Program(1, "/bin/sh");
  request.argv = {"another name", "-c", "echo $0"};
  request.output = folder / "output";
  CHECK(launcher.Run(std::move(request)).exit_code == 0);
  CHECK(ReadFile(folder / "output") == "another name\n");
}

TEST_CASE("a device and a pipe can take output") {
  TemporaryFolder folder;
  TestLauncher launcher;
  LaunchRequest request = Shell(1, "echo x || exit 9");
  request.output = "/dev/full";
  CHECK(launcher.Run(std::move(request)).exit_code == 9);

  const std::string pipe = folder / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  const UniqueFd reader(::open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  // More than a pipe holds: the writer must be made to wait for the reader, not be refused.
  request = Shell(2, "head -c 200000 /dev/zero || exit 9");
  request.output = pipe;
  const Message started = launcher.Start(std::move(request));
  std::size_t total = 0;
  std::vector<char> buffer(65536);
  CHECK(Eventually([&] {
    const ssize_t count = ::read(reader.get(), buffer.data(), buffer.size());
    if (count > 0) total += static_cast<std::size_t>(count);
    return total >= 200000;
  }));
  CHECK(launcher.Next(2).exit_code == 0);
}

TEST_CASE("five hundred launches leave nothing behind, and messages come in batches") {
  OnEverySystem([](const LauncherOptions& options) {
    const Holdings before;
    TemporaryFolder folder;
    {
      TestLauncher launcher(options);
      constexpr std::uint64_t kCount = 500;
      for (std::uint64_t ticket = 1; ticket <= kCount; ++ticket) {
        LaunchRequest request = Program(ticket, "/bin/true");
        request.payload = "payload";
        request.output = folder / "output";
        request.timeout = Milliseconds{60000};
        request.slow_after = Milliseconds{50000};
        launcher->Launch(std::move(request));
      }
      std::set<pid_t> pids;
      for (std::uint64_t ticket = 1; ticket <= kCount; ++ticket) {
        const Message started = launcher.Next(ticket);
        REQUIRE(started.kind == Kind::kStarted);
        const Message exited = launcher.Next(ticket);
        REQUIRE(exited.kind == Kind::kExited);
        CHECK(exited.exit_code == 0);
        CHECK(exited.pid == started.pid);
      }
      CHECK(launcher.wakes() <= static_cast<int>(2 * kCount));
      CHECK(CountChildren() == 0);
    }
    CHECK(before.AreBack());
  });
}

TEST_CASE("a wake-up is made once until the messages are taken") {
  int wakes = 0;
  MessageQueue queue([&] { ++wakes; });
  for (std::uint64_t ticket = 1; ticket <= 3; ++ticket) queue.Post(Message(Kind::kLogged, ticket));
  CHECK(wakes == 1);
  std::vector<Message> messages;
  queue.Take(messages);
  REQUIRE(messages.size() == 3);
  for (std::size_t index = 0; index < 3; ++index) CHECK(messages[index].ticket == index + 1);
  queue.Take(messages);
  CHECK(messages.empty());
  queue.Post(Message(Kind::kLogged, 4));
  CHECK(wakes == 2);
}

TEST_CASE("a beginning that nobody awaits is told with the end, and wakes nobody") {
  TestLauncher launcher;
  constexpr int kCount = 20;
  for (int index = 1; index <= kCount; ++index) {
    LaunchRequest request = Program(static_cast<std::uint64_t>(index), "/bin/true");
    request.awaited = false;
    launcher.Run(std::move(request));
    CHECK(launcher.wakes() == index);
  }
}

TEST_CASE("a process that nobody wants to find again is not looked for in /proc") {
  TestLauncher launcher;
  LaunchRequest request = Program(1, "/bin/true");
  request.identified = false;
  CHECK(launcher.Start(std::move(request)).start_ticks == 0);
  CHECK(launcher.Next(1).exit_code == 0);
}

TEST_CASE("what is queued begins when it is handed over") {
  TestLauncher launcher;
  constexpr std::uint64_t kCount = 20;
  for (std::uint64_t ticket = 1; ticket <= kCount; ++ticket) launcher->Queue(Program(ticket, "/bin/true"));
  launcher->HandOver();
  for (std::uint64_t ticket = 1; ticket <= kCount; ++ticket) {
    CHECK(launcher.Next(ticket).kind == Kind::kStarted);
    CHECK(launcher.Next(ticket).kind == Kind::kExited);
  }
}

TEST_CASE("a thread of ours takes no signals of the process but those about its children") {
  sigset_t blocked;
  ::sigemptyset(&blocked);
  Result<std::thread> thread = StartThread("ucb-test", [&] { ::pthread_sigmask(SIG_SETMASK, nullptr, &blocked); });
  REQUIRE(thread);
  thread.value().join();
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGALRM}) CHECK(::sigismember(&blocked, signal) == 1);
  // Of a child whose parent's thread blocks it, another thread is told, and interrupted, even if nobody handles it.
  CHECK(::sigismember(&blocked, SIGCHLD) == 0);
}
