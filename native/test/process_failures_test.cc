#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <cerrno>

#include "process_support.h"

using namespace ucb;
using namespace ucb::test;

namespace {

using Kind = Message::Kind;

void CheckFails(TestLauncher& launcher, LaunchRequest request, int error_number, const std::string& syscall,
                const std::string& path) {
  const Error error = launcher.Fail(std::move(request));
  CHECK(error.error_number == error_number);
  CHECK(error.syscall == syscall);
  CHECK(error.path == path);
}

void MakeExecutable(const std::string& path, const std::string& text) {
  WriteFile(path, text);
  REQUIRE(::chmod(path.c_str(), 0755) == 0);
}

// Takes all but `spare` descriptors away.
class DescriptorShortage {
 public:
  explicit DescriptorShortage(rlim_t spare) {
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before_) == 0);
    // A number that is free, and none above: what is open stays open.
    const UniqueFd lowest(::dup(0));
    rlimit limit = before_;
    limit.rlim_cur = static_cast<rlim_t>(lowest.get()) + spare;
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
  }
  ~DescriptorShortage() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  DescriptorShortage(const DescriptorShortage&) = delete;
  DescriptorShortage& operator=(const DescriptorShortage&) = delete;

 private:
  rlimit before_{};
};

}  // namespace

TEST_CASE("a launch that fails names the step and the path, and leaves nothing open") {
  const Holdings before;
  TemporaryFolder folder;
  {
    LauncherOptions options;
    SUBCASE("this system") {}
    SUBCASE("a C library without addchdir") {
      options.capabilities.add_chdir = nullptr;
    }
    TestLauncher launcher(options);

    const std::string missing = folder / "missing";
    const std::string plain = folder / "plain";
    WriteFile(plain, "text");

    CheckFails(launcher, Program(1, missing), ENOENT, "execve", missing);
    CheckFails(launcher, Program(2, plain), EACCES, "execve", plain);
    CheckFails(launcher, Program(3, folder.path()), EACCES, "execve", folder.path());
    CheckFails(launcher, Program(4, plain + "/below"), ENOTDIR, "execve", plain + "/below");

    const std::string shapeless = folder / "shapeless";
    MakeExecutable(shapeless, "echo never\n");
    CheckFails(launcher, Program(5, shapeless), ENOEXEC, "execve", shapeless);

    LaunchRequest request = Program(7, "/bin/true");
    request.cwd = missing;
    CheckFails(launcher, std::move(request), ENOENT, "chdir", missing);
    request = Program(8, "/bin/true");
    request.cwd = plain;
    CheckFails(launcher, std::move(request), ENOTDIR, "chdir", plain);

    request = Program(9, "/bin/true");
    request.output = folder.path();
    CheckFails(launcher, std::move(request), EISDIR, "open", folder.path());
    request = Program(10, "/bin/true");
    request.output = plain + "/below/output";
    CheckFails(launcher, std::move(request), ENOTDIR, "open", plain + "/below/output");
    request = Program(11, "/bin/true");
    request.output = "/proc/nowhere/output";
    CheckFails(launcher, std::move(request), ENOENT, "mkdir", "/proc/nowhere");

    const std::string link = folder / "link";
    REQUIRE(::symlink(plain.c_str(), link.c_str()) == 0);
    request = Program(12, "/bin/true");
    request.output = link;
    CheckFails(launcher, std::move(request), ELOOP, "open", link);
    CHECK(ReadFile(plain) == "text");

    const std::string pipe = folder / "pipe";
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    request = Program(13, "/bin/true");
    request.output = pipe;
    CheckFails(launcher, std::move(request), ENXIO, "open", pipe);

    for (const char* relative : {"true", "./true", ""}) {
      CheckFails(launcher, Program(14, relative), EINVAL, "posix_spawn", relative);
    }
    request = Program(15, "/bin/true");
    request.cwd = ".";
    CheckFails(launcher, std::move(request), EINVAL, "posix_spawn", ".");
    request = Program(16, "/bin/true");
    request.output = "output";
    CheckFails(launcher, std::move(request), EINVAL, "open", "output");
    request = Program(17, "/bin/true");
    request.argv = {};
    CheckFails(launcher, std::move(request), EINVAL, "posix_spawn", "/bin/true");

    request = Program(18, "/bin/true");
    request.env.Add("LONG=" + std::string(300000, 'x'));
    if (options.capabilities.add_chdir != nullptr)
      CheckFails(launcher, std::move(request), E2BIG, "execve", "/bin/true");

    // The launcher goes on.
    CHECK(launcher.Run(Program(19, "/bin/true")).exit_code == 0);
  }
  CHECK(before.AreBack());
}

TEST_CASE("a script whose interpreter is missing fails like a missing file") {
  TemporaryFolder folder;
  TestLauncher launcher;
  const std::string script = folder / "script";
  MakeExecutable(script, "#!/nowhere/interpreter\n");
  CheckFails(launcher, Program(1, script), ENOENT, "execve", script);
}

TEST_CASE("what env(1) would take for something else is refused where it is needed") {
  LauncherOptions options;
  options.capabilities.add_chdir = nullptr;
  TemporaryFolder folder;
  TestLauncher launcher(options);
  const std::string file = folder / "NAME=value";
  MakeExecutable(file, "#!/bin/sh\n");
  CheckFails(launcher, Program(1, file), ENOSYS, "posix_spawn_file_actions_addchdir_np", file);
  LaunchRequest request = Program(2, "/bin/sh");
  request.argv = {"another name", "-c", "exit 0"};
  CheckFails(launcher, std::move(request), ENOSYS, "posix_spawn_file_actions_addchdir_np", "/bin/sh");
}

TEST_CASE("without a spare descriptor no child is lost") {
  TemporaryFolder folder;
  TestLauncher launcher;
  const std::string go = folder / "go";
  {
    // For the output alone: once it is closed again, one of the two threads may find none for its child.
    const DescriptorShortage shortage(1);
    LaunchRequest request = Program(1, "/bin/true");
    request.output = folder / "output";
    CHECK(launcher.Run(std::move(request)).exit_code == 0);
  }
  {
    const DescriptorShortage shortage(0);
    LaunchRequest request = Program(2, "/bin/true");
    request.output = folder / "output";
    CheckFails(launcher, std::move(request), EMFILE, "open", folder / "output");
    request = Program(3, "/bin/true");
    request.payload = "payload";
    CheckFails(launcher, std::move(request), EMFILE, "memfd_create", "");
    // Nothing has to be opened to start these, but nothing can be opened to watch them either.
    const Message exited = launcher.Run(Shell(4, "exit 7"));
    CHECK(exited.exit_code == 7);
    request = Program(5, "/bin/sleep", {"1000"});
    request.timeout = Milliseconds{20};
    const Message late = launcher.Run(std::move(request));
    CHECK(late.timed_out);
    CHECK(late.signal == SIGTERM);
  }
  CHECK(launcher.Run(Program(6, "/bin/true")).exit_code == 0);
  CHECK(CountChildren() == 0);
}

TEST_CASE("without descriptors there is no launcher, and that is said") {
  const DescriptorShortage shortage(0);
  const Result<std::unique_ptr<Launcher>> launcher = Launcher::Start({}, [] {});
  REQUIRE(!launcher);
  CHECK(launcher.error().error_number == EMFILE);
  CHECK(launcher.error().path == "/dev/null");
}

TEST_CASE("a child that somebody else waited for is told of, without a status") {
  TestLauncher launcher;
  const auto before = ::signal(SIGCHLD, SIG_IGN);
  const Message exited = launcher.Run(Shell(1, "exit 7"));
  ::signal(SIGCHLD, before);
  CHECK(exited.exit_code == -1);
  CHECK(exited.signal == 0);
}
