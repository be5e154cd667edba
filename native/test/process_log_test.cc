#include <fcntl.h>
#include <sys/file.h>
#include <sys/mount.h>

#include <cerrno>
#include <optional>
#include <sstream>

#include "core/process/log_appender.h"
#include "process_support.h"

using namespace ucb;
using namespace ucb::test;

namespace {

using Kind = Message::Kind;

// An appender and its messages.
class TestAppender {
 public:
  explicit TestAppender(std::chrono::milliseconds patience = std::chrono::seconds{60}) : queue_(inbox_.Wake()) {
    Result<std::unique_ptr<LogAppender>> appender = LogAppender::Start(&queue_, patience);
    REQUIRE(appender);
    appender_ = std::move(appender.value());
  }
  LogAppender* operator->() { return appender_.get(); }
  void Begin(std::uint64_t ticket, LogBlock block) {
    appender_->Queue(ticket, std::move(block));
    appender_->HandOver();
  }
  Message Next(std::uint64_t ticket) { return inbox_.Next(queue_, ticket); }
  std::vector<Message> Rest() { return inbox_.Rest(queue_); }
  Message Append(LogBlock block) {
    Begin(++ticket_, std::move(block));
    return Next(ticket_);
  }
  void CheckFails(LogBlock block, int error_number, const std::string& syscall, const std::string& path) {
    const Message message = Append(std::move(block));
    REQUIRE(message.kind == Kind::kLogFailed);
    CHECK(message.error->error_number == error_number);
    CHECK(message.error->syscall == syscall);
    CHECK(message.error->path == path);
  }

 private:
  Inbox inbox_;
  MessageQueue queue_;
  std::unique_ptr<LogAppender> appender_;
  std::uint64_t ticket_ = 1000000;
};

// A file system of 128 kB, where the machine lets us have one.
class SmallDisk {
 public:
  SmallDisk() : mounted_(::mount("ucb-test", folder_.path().c_str(), "tmpfs", 0, "size=128k") == 0) {}
  ~SmallDisk() {
    if (mounted_) ::umount2(folder_.path().c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  bool mounted() const { return mounted_; }
  std::string operator/(const std::string& name) const { return folder_ / name; }

 private:
  TemporaryFolder folder_;
  bool mounted_;
};

std::size_t ResidentKilobytes() {
  std::istringstream status(ReadFile("/proc/self/status"));
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return static_cast<std::size_t>(std::atol(line.c_str() + 6));
  }
  return 0;
}

}  // namespace

TEST_CASE("a block is header, body file, body and trailer") {
  const Holdings before;
  {
    TemporaryFolder folder;
    TestAppender appender;
    const std::string log = folder / "job/1000/1001/1001.cb";
    const std::string body_file = folder / "run.out";

    const auto append = [&](std::optional<std::string> file_content, const std::string& body) {
      LogBlock block{log, "<\n", std::nullopt, body, ">\n"};
      if (file_content) {
        WriteFile(body_file, *file_content);
        block.body_file = body_file;
      }
      CHECK(appender.Append(std::move(block)).kind == Kind::kLogged);
      CHECK(!Exists(body_file));
      const std::string text = ReadFile(log);
      ::unlink(log.c_str());
      return text;
    };
    CHECK(append(std::nullopt, "") == "<\n>\n");
    CHECK(append("", "") == "<\n>\n");
    CHECK(append("file\n", "") == "<\nfile\n>\n");
    CHECK(append("file", "") == "<\nfile\n>\n");
    CHECK(append(std::nullopt, "body") == "<\nbody\n>\n");
    CHECK(append("file\n", "body\n") == "<\nfile\nbody\n>\n");
    CHECK(append("file", "body") == "<\nfile\nbody\n>\n");
    CHECK(append(std::string("\0\n\0", 3), "") == std::string("<\n\0\n\0\n>\n", 8));

    CHECK(append("first\n", "") == "<\nfirst\n>\n");
    struct stat status {};
    REQUIRE(::stat((folder / "job/1000/1001").c_str(), &status) == 0);
    CHECK((status.st_mode & 0777 & ~0750U) == 0);
    LogBlock block{log, "a", std::nullopt, "", "b"};
    CHECK(appender.Append(block).kind == Kind::kLogged);
    CHECK(appender.Append(block).kind == Kind::kLogged);
    CHECK(ReadFile(log) == "abab");
    REQUIRE(::stat(log.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777 & ~0640U) == 0);
  }
  CHECK(before.AreBack());
}

TEST_CASE("blocks of all sizes around that of the buffer arrive whole") {
  TemporaryFolder folder;
  TestAppender appender;
  const std::string log = folder / "log";
  for (const std::size_t size : {1UL, 262143UL, 262144UL, 262145UL, 524288UL, 1000000UL}) {
    for (const bool from_file : {false, true}) {
      std::string content(size, 'x');
      content.back() = 'y';
      LogBlock block{log, "<\n", std::nullopt, "", ">\n"};
      if (from_file) {
        WriteFile(folder / "body", content);
        block.body_file = folder / "body";
      } else {
        block.body = content;
      }
      CHECK(appender.Append(std::move(block)).kind == Kind::kLogged);
      CHECK(ReadFile(log) == "<\n" + content + "\n>\n");
      ::unlink(log.c_str());
    }
  }
}

TEST_CASE("blocks of two appenders do not mix") {
  TemporaryFolder folder;
  const std::string log = folder / "log";
  constexpr std::uint64_t kBlocks = 60;
  TestAppender appenders[2];
  const auto body_file = [&](int index, std::uint64_t ticket) {
    return folder / (std::to_string(index) + "-" + std::to_string(ticket));
  };
  for (int index = 0; index < 2; ++index) {
    for (std::uint64_t ticket = 1; ticket <= kBlocks; ++ticket) {
      // Some fit into one write, some do not.
      const std::size_t size = ticket % 3 == 0 ? 700000 : 1000;
      WriteFile(body_file(index, ticket), std::string(size, static_cast<char>('a' + index)));
    }
  }
  // Both at once, and neither far ahead.
  for (std::uint64_t ticket = 1; ticket <= kBlocks; ++ticket) {
    for (int index = 0; index < 2; ++index) {
      appenders[index].Begin(ticket, {log, "<" + std::to_string(ticket) + "\n", body_file(index, ticket), "", ">\n"});
    }
  }
  for (auto& appender : appenders) {
    for (std::uint64_t ticket = 1; ticket <= kBlocks; ++ticket) CHECK(appender.Next(ticket).kind == Kind::kLogged);
  }
  std::istringstream text(ReadFile(log));
  std::size_t blocks = 0;
  std::size_t last[2] = {0, 0};
  for (std::string line; std::getline(text, line); ++blocks) {
    REQUIRE(line.starts_with("<"));
    const std::size_t ticket = std::stoul(line.substr(1));
    REQUIRE(std::getline(text, line));
    REQUIRE(line.size() == (ticket % 3 == 0 ? 700000 : 1000));
    REQUIRE(line.find_first_not_of(line.front()) == std::string::npos);
    std::size_t& before = last[line.front() - 'a'];
    CHECK(ticket == before + 1);  // each appender keeps its order
    before = ticket;
    REQUIRE(std::getline(text, line));
    REQUIRE(line == ">");
  }
  CHECK(blocks == 2 * kBlocks);
}

TEST_CASE("a body of 100 MB takes no more memory than a small one") {
  TemporaryFolder folder;
  TestAppender appender;
  CHECK(appender.Append({folder / "log", "", std::nullopt, "small", ""}).kind == Kind::kLogged);
  constexpr off_t kSize = 100 << 20;
  const std::string body_file = folder / "body";
  WriteFile(body_file, "");
  REQUIRE(::truncate(body_file.c_str(), kSize) == 0);
  const std::size_t before = ResidentKilobytes();
  CHECK(appender.Append({folder / "log", "<\n", body_file, "", ">\n"}).kind == Kind::kLogged);
  CHECK(ResidentKilobytes() < before + 20 * 1024);
  CHECK(std::filesystem::file_size(folder / "log") == static_cast<std::uintmax_t>(6 + 2 + kSize + 1 + 2));
}

TEST_CASE("what cannot be appended is reported, with the body file kept") {
  TemporaryFolder folder;
  TestAppender appender;
  const std::string body_file = folder / "body";
  WriteFile(body_file, "output\n");

  SUBCASE("a full device") {
    appender.CheckFails({"/dev/full", "<\n", body_file, "", ">\n"}, ENOSPC, "write", "/dev/full");
  }
  SUBCASE("a link for a log") {
    WriteFile(folder / "secret", "secret");
    REQUIRE(::symlink((folder / "secret").c_str(), (folder / "log").c_str()) == 0);
    appender.CheckFails({folder / "log", "<\n", body_file, "", ">\n"}, ELOOP, "open", folder / "log");
    CHECK(ReadFile(folder / "secret") == "secret");
  }
  SUBCASE("a folder for a log") {
    appender.CheckFails({folder.path(), "<\n", body_file, "", ">\n"}, EISDIR, "open", folder.path());
  }
  SUBCASE("a pipe without a reader for a log") {
    REQUIRE(::mkfifo((folder / "log").c_str(), 0600) == 0);
    appender.CheckFails({folder / "log", "<\n", body_file, "", ">\n"}, ENXIO, "open", folder / "log");
  }
  CHECK(ReadFile(body_file) == "output\n");

  SUBCASE("a body file that is missing, a link, a folder or a pipe") {
    REQUIRE(::symlink(body_file.c_str(), (folder / "link").c_str()) == 0);
    REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
    const std::string log = folder / "log";
    appender.CheckFails({log, "<\n", folder / "missing", "", ">\n"}, ENOENT, "open", folder / "missing");
    appender.CheckFails({log, "<\n", folder / "link", "", ">\n"}, ELOOP, "open", folder / "link");
    appender.CheckFails({log, "<\n", folder.path(), "", ">\n"}, EINVAL, "open", folder.path());
    appender.CheckFails({log, "<\n", folder / "pipe", "", ">\n"}, EINVAL, "open", folder / "pipe");
    CHECK(!Exists(log));
  }
}

TEST_CASE("a disk that fills up leaves the log as it was") {
  const SmallDisk disk;
  if (!disk.mounted()) {
    MESSAGE("no file system may be mounted here; /dev/full stands for a full disk");
    return;
  }
  TemporaryFolder folder;
  TestAppender appender;
  const std::string log = disk / "log";
  const std::string body_file = folder / "body";
  CHECK(appender.Append({log, "<\n", std::nullopt, "first", ">\n"}).kind == Kind::kLogged);
  WriteFile(body_file, std::string(1000000, 'x'));
  appender.CheckFails({log, "<\n", body_file, "", ">\n"}, ENOSPC, "write", log);
  CHECK(ReadFile(log) == "<\nfirst\n>\n");
  CHECK(std::filesystem::file_size(body_file) == 1000000);
  // And there is room again for one that fits.
  CHECK(appender.Append({log, "<\n", std::nullopt, "second", ">\n"}).kind == Kind::kLogged);
  CHECK(ReadFile(log) == "<\nfirst\n>\n<\nsecond\n>\n");
}

TEST_CASE("a log that somebody keeps locked holds up no other, and not for ever") {
  TemporaryFolder folder;
  const std::string locked = folder / "locked";
  UniqueFd lock(::open(locked.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  REQUIRE(::flock(lock.get(), LOCK_EX) == 0);

  SUBCASE("it is waited for, in order") {
    TestAppender appender;
    for (std::uint64_t ticket = 1; ticket <= 3; ++ticket) {
      appender.Begin(ticket, {locked, std::to_string(ticket), std::nullopt, "", ""});
    }
    CHECK(appender.Append({folder / "free", "x", std::nullopt, "", ""}).kind == Kind::kLogged);
    CHECK(appender.Rest().empty());
    lock.Reset();
    for (std::uint64_t ticket = 1; ticket <= 3; ++ticket) CHECK(appender.Next(ticket).kind == Kind::kLogged);
    CHECK(ReadFile(locked) == "123");
  }
  SUBCASE("it is given up") {
    TestAppender appender(std::chrono::milliseconds{50});
    appender.CheckFails({locked, "x", std::nullopt, "", ""}, EWOULDBLOCK, "flock", locked);
    CHECK(ReadFile(locked).empty());
  }
  SUBCASE("stopping does not wait for it") {
    TestAppender appender;
    WriteFile(folder / "body", "output");
    appender.Begin(1, {locked, "x", folder / "body", "", ""});
    CHECK(appender.Append({folder / "free", "x", std::nullopt, "", ""}).kind == Kind::kLogged);
    appender->Stop();
    CHECK(appender.Rest().empty());
    CHECK(ReadFile(folder / "body") == "output");
  }
}

TEST_CASE("stopping in the middle of a block takes it back") {
  TemporaryFolder folder;
  const std::string log = folder / "log";
  const std::string body_file = folder / "body";
  TestAppender appender;
  CHECK(appender.Append({log, "before\n", std::nullopt, "", ""}).kind == Kind::kLogged);
  WriteFile(body_file, "");
  // Large, and without blocks on disk: reading it is what takes time.
  REQUIRE(::truncate(body_file.c_str(), off_t{1} << 31) == 0);
  appender.Begin(1, {log, "<\n", body_file, "", ">\n"});
  REQUIRE(Eventually([&] { return std::filesystem::file_size(log) > 7; }));
  appender->Stop();
  CHECK(appender.Rest().empty());
  CHECK(ReadFile(log) == "before\n");
  CHECK(Exists(body_file));
}

TEST_CASE("a log that was removed while its lock was waited for is made anew") {
  TemporaryFolder folder;
  const std::string log = folder / "log";
  TestAppender appender;
  UniqueFd lock(::open(log.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  REQUIRE(::flock(lock.get(), LOCK_EX) == 0);
  appender.Begin(1, {log, "block\n", std::nullopt, "", ""});
  ::unlink(log.c_str());
  lock.Reset();
  CHECK(appender.Next(1).kind == Kind::kLogged);
  CHECK(ReadFile(log) == "block\n");
}
