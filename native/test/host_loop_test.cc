#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/unique_fd.h"
#include "doctest/doctest.h"
#include "host/fork_host.h"
#include "host/packets.h"
#include "process_support.h"

namespace ucb::test {
namespace {

constexpr int kRunEnds = 7;
const std::string kRunner = "/run.py";

// How the host below lets a script be run, by its name.
UcbUse UseOf(std::string_view path) {
  if (path.ends_with("compiled.py")) return kUcbCompiled;
  return path.ends_with("source.py") ? kUcbSource : kUcbNot;
}

void LookAt(const struct stat& status, std::array<std::uint64_t, 5>& numbers) {
  const auto nanoseconds = [](const timespec& time) {
    return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(time.tv_nsec);
  };
  numbers = {status.st_dev, status.st_ino, static_cast<std::uint64_t>(status.st_size), nanoseconds(status.st_mtim),
             nanoseconds(status.st_ctim)};
}

void Learn(const UcbServing& serving, long index) {
  std::array<std::uint64_t, 5> file{};
  std::array<std::uint64_t, 5> folder{};
  struct stat status {};
  const int script = static_cast<int>(serving.script);
  ::fstat(script, &status);
  LookAt(status, file);
  ::stat(std::filesystem::path(serving.path).parent_path().c_str(), &status);
  LookAt(status, folder);
  ucb_host_know(serving.path, index, UseOf(serving.path), 0, file.data(), folder.data(), nullptr);
  ::close(script);
}

// A run says what it is made of, one thing a line, and ends.
[[noreturn]] void BeRun(long index, const UcbServing& serving) {
  std::array<char, 100> input{};
  if (::read(STDIN_FILENO, input.data(), input.size() - 1) == -1) ::_exit(1);
  std::array<char, 4096> folder{};
  if (::getcwd(folder.data(), folder.size()) == nullptr) ::_exit(1);
  ::dprintf(STDOUT_FILENO, "%s\n%s\n%s\n%s\n%s\n%s\n", index == kUcbUnknown ? "unknown" : "known", serving.path,
            serving.script == -1 ? "closed" : "open", folder.data(), input.data(),
            ::getsid(0) == ::getpid() ? "session" : "no session");
  for (char** variable = environ; *variable != nullptr; ++variable) ::dprintf(STDERR_FILENO, "%s\n", *variable);
  ::_exit(kRunEnds);
}

// A host that is no interpreter.
[[noreturn]] void BeHost(int channel, int spare) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) ::_exit(1);
  UcbHostOptions options{};
  options.channel = channel;
  options.inner = ends[0];
  options.outer = ends[1];
  options.spare = spare;
  options.runner = kRunner.c_str();
  const char* const refusal = ucb_host_open(&options);
  if (refusal != nullptr) {
    host::Send(channel, {"E", refusal});
    ::_exit(1);
  }
  UcbServing serving{};
  for (long looked_at = 0;;) {
    const long index = ucb_host_serve(0, &serving);
    if (index == kUcbLearn) {
      Learn(serving, looked_at++);
      host::Send(channel, {"looked at", serving.path});
      continue;
    }
    if (index == kUcbUnknown) {
      if (std::string_view(serving.path).ends_with("broken.py")) ucb_host_refuse("it is broken");
      ucb_host_begin(&serving, nullptr);
    }
    BeRun(index, serving);
  }
}

std::string Texts(const std::vector<std::string>& texts) {
  std::string body;
  for (const std::string& text : texts) body += text + '\0';
  return body;
}

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream rest(text);
  for (std::string line; std::getline(rest, line);) lines.push_back(line);
  return lines;
}

// The launcher's side of a host, and a folder for scripts.
class Bench {
 public:
  // With more than one fork, a run may be one that began to wait before a script was looked at.
  explicit Bench(int spare = 1) {
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) == 0);
    channel_ = UniqueFd(ends[0]);
    UniqueFd theirs(ends[1]);
    // What is not written yet would be written by each fork too: some runtimes flush even in _exit.
    std::fflush(nullptr);
    host_ = ::fork();
    REQUIRE(host_ != -1);
    if (host_ == 0) {
      channel_ = UniqueFd();
      BeHost(theirs.get(), spare);
    }
    for (int count = 0; count < spare; ++count) TakeFork();
  }

  // Forks are children of this process, as is the host.
  ~Bench() {
    if (channel_) {
      CloseAsking();
      for (std::vector<std::string> answer; !(answer = Answer()).empty();) {
        if (answer[0] == "P") forks_.insert(static_cast<pid_t>(std::stol(answer[1])));
      }
    }
    for (const pid_t pid : forks_) ::waitpid(pid, nullptr, 0);
    if (host_ != 0) ::waitpid(host_, nullptr, 0);
  }

  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  std::string Script(const std::string& name) const {
    WriteFile(folder / name, "");
    return folder / name;
  }

  // Empty if there are no more.
  std::vector<std::string> Answer() const {
    std::array<char, 8192> packet{};
    host::Descriptors none;
    const ssize_t size = host::Receive(channel_.get(), packet.data(), packet.size(), none);
    if (size <= 0) return {};
    std::vector<std::string> parts;
    std::string text(packet.data(), static_cast<std::size_t>(size));
    for (std::size_t end = 0; (end = text.find('\0')) != std::string::npos; text.erase(0, end + 1)) {
      parts.push_back(text.substr(0, end));
    }
    parts.push_back(text);
    return parts;
  }

  // The next answer is of a fork that waits.
  pid_t TakeFork() {
    const std::vector<std::string> answer = Answer();
    REQUIRE(answer.size() == 2);
    REQUIRE(answer[0] == "P");
    const auto pid = static_cast<pid_t>(std::stol(answer[1]));
    forks_.insert(pid);
    return pid;
  }

  // Asks as a launcher does. Descriptors are those of `letters`.
  void Send(const std::string& packet, const std::vector<int>& descriptors = {}) const {
    std::string data = packet;
    iovec part{data.data(), data.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    alignas(cmsghdr) std::array<char, CMSG_SPACE(4 * sizeof(int))> control{};
    if (!descriptors.empty()) {
      const std::size_t size = descriptors.size() * sizeof(int);
      message.msg_control = control.data();
      message.msg_controllen = CMSG_SPACE(size);
      cmsghdr* const header = CMSG_FIRSTHDR(&message);
      header->cmsg_level = SOL_SOCKET;
      header->cmsg_type = SCM_RIGHTS;
      header->cmsg_len = CMSG_LEN(size);
      std::memcpy(CMSG_DATA(header), descriptors.data(), size);
    }
    REQUIRE(::sendmsg(channel_.get(), &message, MSG_NOSIGNAL) == static_cast<ssize_t>(data.size()));
  }

  std::string Body(const std::string& script, const std::string& cwd, const std::string& limits = {}) const {
    return Texts({"2", limits, "0", cwd, kRunner, script, "A=1", "UCB_SCRIPT_DESCRIPTOR=9", "B=2"});
  }

  // Asks for a run with all that it may have.
  void Ask(const std::string& script, const std::string& limits = {}) const {
    const UniqueFd input = Input();
    const UniqueFd output(::open((folder / "output").c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    const UniqueFd file(::open(script.c_str(), O_RDONLY | O_CLOEXEC));
    REQUIRE(file.get() != -1);
    Send(Texts({"17", "sio"}) + Body(script, folder.path(), limits), {file.get(), input.get(), output.get()});
  }

  // The fork that answers that it is a run now.
  pid_t TakeRun() const {
    const std::vector<std::string> answer = Answer();
    REQUIRE(answer.size() == 3);
    REQUIRE(answer[0] == "S");
    CHECK(answer[1] == "17");
    return static_cast<pid_t>(std::stol(answer[2]));
  }

  // The status that a fork exits with.
  int End(pid_t pid) {
    REQUIRE(forks_.erase(pid) == 1);
    return StatusOf(pid);
  }

  int EndHost() { return StatusOf(std::exchange(host_, 0)); }

  std::vector<std::string> Output() const { return Lines(ReadFile(folder / "output")); }

  // Takes the answer that a run cannot be one of this host, and ends its fork. The reason.
  std::string Refusal() {
    const std::vector<std::string> answer = Answer();
    REQUIRE(answer.size() == 4);
    CHECK(answer[0] == "C");
    CHECK(answer[1] == "17");
    CHECK(End(static_cast<pid_t>(std::stol(answer[2]))) == 1);
    return answer[3];
  }

  UniqueFd Input() const {
    WriteFile(folder / "input", "the document");
    return UniqueFd(::open((folder / "input").c_str(), O_RDONLY | O_CLOEXEC));
  }

  // No more will be asked.
  void CloseAsking() const { REQUIRE(::shutdown(channel_.get(), SHUT_WR) == 0); }
  void Close() { channel_ = UniqueFd(); }

  const std::set<pid_t>& forks() const { return forks_; }

  TemporaryFolder folder;

 private:
  static int StatusOf(pid_t pid) {
    int status = 0;
    REQUIRE(::waitpid(pid, &status, 0) == pid);
    REQUIRE(WIFEXITED(status));
    return WEXITSTATUS(status);
  }

  UniqueFd channel_;
  pid_t host_ = 0;
  std::set<pid_t> forks_;
};

// Asks for the script, and lets the host look at it.
void MakeKnown(Bench& bench, const std::string& script) {
  bench.Ask(script);
  CHECK(bench.End(bench.TakeRun()) == kRunEnds);
  CHECK(bench.Answer() == std::vector<std::string>{"looked at", script});
  bench.TakeFork();
}

}  // namespace

TEST_CASE("a fork becomes the run that is asked for, and another takes its place") {
  const Holdings holdings;
  {
    Bench bench;
    const std::string script = bench.Script("source.py");
    bench.Ask(script);
    const pid_t run = bench.TakeRun();
    CHECK(bench.forks().contains(run));
    CHECK(bench.End(run) == kRunEnds);
    CHECK(bench.Output() == std::vector<std::string>{"unknown", script, "open", bench.folder.path(), "the document",
                                                     "session", "A=1", "B=2"});
    CHECK(bench.Answer() == std::vector<std::string>{"looked at", script});
    bench.TakeFork();
  }
  CHECK(holdings.AreBack());
}

TEST_CASE("a script that was looked at is run as it was found, until it is another") {
  Bench bench;
  SUBCASE("from its file") {
    const std::string script = bench.Script("source.py");
    MakeKnown(bench, script);
    bench.Ask(script);
    const pid_t run = bench.TakeRun();
    bench.TakeFork();
    CHECK(bench.End(run) == kRunEnds);
    CHECK(bench.Output()[0] == "known");
    CHECK(bench.Output()[2] == "open");
    WriteFile(script, "changed");
    MakeKnown(bench, script);
    CHECK(bench.Output()[0] == "unknown");
  }
  SUBCASE("without its file") {
    const std::string script = bench.Script("compiled.py");
    MakeKnown(bench, script);
    bench.Ask(script);
    CHECK(bench.End(bench.TakeRun()) == kRunEnds);
    CHECK(bench.Output()[0] == "known");
    CHECK(bench.Output()[2] == "closed");
    bench.TakeFork();
  }
  SUBCASE("not without being looked at by each run") {
    const std::string script = bench.Script("never.py");
    MakeKnown(bench, script);
    bench.Ask(script);
    CHECK(bench.End(bench.TakeRun()) == kRunEnds);
    CHECK(bench.Output()[0] == "unknown");
    bench.TakeFork();
  }
}

TEST_CASE("a script without a descriptor is opened, and may be missing") {
  Bench bench;
  const std::string script = bench.Script("source.py");
  const UniqueFd output(::open((bench.folder / "output").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  const UniqueFd input = bench.Input();
  bench.Send(Texts({"17", "io"}) + bench.Body(script, bench.folder.path()), {input.get(), output.get()});
  CHECK(bench.End(bench.TakeRun()) == kRunEnds);
  CHECK(bench.Output()[2] == "open");
  CHECK(bench.Answer() == std::vector<std::string>{"looked at", script});
  bench.TakeFork();
  bench.Send(Texts({"17", ""}) + bench.Body(bench.folder / "missing.py", "/"));
  CHECK(bench.Refusal() == "cannot open " + bench.folder / "missing.py" + ": No such file or directory");
  bench.TakeFork();
}

TEST_CASE("a request that is too long for a packet comes in a file") {
  Bench bench;
  const std::string script = bench.Script("source.py");
  const std::string huge = "HUGE=" + std::string(100'000, 'x');
  WriteFile(bench.folder / "request", bench.Body(script, bench.folder.path()) + huge + '\0');
  const UniqueFd request(::open((bench.folder / "request").c_str(), O_RDONLY | O_CLOEXEC));
  const UniqueFd output(::open((bench.folder / "output").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  const UniqueFd input = bench.Input();
  bench.Send(Texts({"17", "iop"}), {input.get(), output.get(), request.get()});
  CHECK(bench.End(bench.TakeRun()) == kRunEnds);
  CHECK(bench.Output().back() == huge);
}

TEST_CASE("what makes a run impossible is told, and a fork takes the place of the one that found it") {
  Bench bench;
  const std::string script = bench.Script("source.py");
  SUBCASE("a missing folder") {
    const std::string missing = bench.folder / "missing";
    bench.Send(Texts({"17", ""}) + bench.Body(script, missing));
    CHECK(bench.Refusal() == "cannot change to " + missing + ": No such file or directory");
    // Its script is none the worse for it.
    CHECK(bench.Answer() == std::vector<std::string>{"looked at", script});
  }
  SUBCASE("a body that is no file") {
    const UniqueFd request(::open("/", O_RDONLY | O_CLOEXEC));
    bench.Send(Texts({"17", "p"}), {request.get()});
    CHECK(bench.Refusal().starts_with("cannot read its request: "));
  }
  SUBCASE("arguments of another runner") {
    bench.Send(Texts({"17", "", "2", "", "0", "/", "/other.py", script}));
    CHECK(bench.Refusal() == "its request is not for this runner");
  }
  SUBCASE("a script that the fork itself refuses") {
    const std::string broken = bench.Script("broken.py");
    bench.Ask(broken);
    CHECK(bench.Refusal() == "it is broken");
    CHECK(bench.Answer() == std::vector<std::string>{"looked at", broken});
  }
  bench.TakeFork();
}

TEST_CASE("a host and its forks end when nobody asks any more") {
  const Holdings holdings;
  SUBCASE("and say so while they can") {
    Bench bench(2);
    const std::set<pid_t> forks = bench.forks();
    bench.CloseAsking();
    std::set<pid_t> ended;
    for (std::size_t count = 0; count < forks.size(); ++count) {
      const std::vector<std::string> answer = bench.Answer();
      REQUIRE(answer.size() == 2);
      CHECK(answer[0] == "X");
      ended.insert(static_cast<pid_t>(std::stol(answer[1])));
    }
    CHECK(ended == forks);
    for (const pid_t pid : forks) CHECK(bench.End(pid) == 0);
    CHECK(bench.EndHost() == 0);
  }
  SUBCASE("and by themselves") {
    Bench bench(2);
    const std::set<pid_t> forks = bench.forks();
    bench.Close();
    for (const pid_t pid : forks) CHECK(bench.End(pid) == 1);
    CHECK(bench.EndHost() == 0);
  }
  CHECK(holdings.AreBack());
}

}  // namespace ucb::test
