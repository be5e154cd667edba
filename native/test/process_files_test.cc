#include <fcntl.h>

#include <cerrno>

#include "core/process/files.h"
#include "process_support.h"

using namespace ucb;
using namespace ucb::test;

namespace {

void MakeFolder(const std::string& path, mode_t mode) {
  REQUIRE(::mkdir(path.c_str(), 0700) == 0);
  // The process's umask must not decide what a test is about.
  REQUIRE(::chmod(path.c_str(), mode) == 0);
}

void MakeLink(const std::string& target, const std::string& path) {
  REQUIRE(::symlink(target.c_str(), path.c_str()) == 0);
}

void Give(const std::string& path) {
  constexpr uid_t kSomebody = 12345;
  REQUIRE(::lchown(path.c_str(), kSomebody, kSomebody) == 0);
}

bool IsRoot() {
  if (::geteuid() == 0) return true;
  MESSAGE("only root can give files to somebody else");
  return false;
}

void CheckRefused(const std::string& path, const std::string& component) {
  const Result<UniqueFd> opened = OpenForAppend(path);
  REQUIRE(!opened);
  CHECK(opened.error().error_number == ELOOP);
  CHECK(opened.error().path == component);
  const Result<UniqueFd> read = OpenForReading(path);
  REQUIRE(!read);
  CHECK(read.error().error_number == ELOOP);
  CHECK(read.error().path == component);
}

void CheckOpens(const std::string& path) {
  const Result<UniqueFd> opened = OpenForAppend(path);
  REQUIRE(opened);
  CHECK(::write(opened.value().get(), "x", 1) == 1);
  CHECK(OpenForReading(path));
}

}  // namespace

TEST_CASE("links on the way to a file") {
  TemporaryFolder folder;
  const std::string elsewhere = folder / "elsewhere";
  const std::string open = folder / "open";
  MakeFolder(elsewhere, 0755);

  SUBCASE("are followed where only this user or root can have placed them") {
    const std::string own = folder / "own";
    MakeFolder(own, 0755);
    MakeLink(elsewhere, own + "/absolute");
    MakeLink("../elsewhere/.", own + "/relative");
    MakeLink("absolute", own + "/again");
    CheckOpens(own + "/absolute/a/b/log");
    CHECK(ReadFile(elsewhere + "/a/b/log") == "x");
    CheckOpens(own + "/relative//c/./log");
    CHECK(ReadFile(elsewhere + "/c/log") == "x");
    CheckOpens(own + "/again/../elsewhere/d/log");
    CHECK(ReadFile(elsewhere + "/d/log") == "x");
  }
  SUBCASE("are followed in a shared folder where nobody can replace them") {
    MakeFolder(open, 01777);
    MakeLink(elsewhere, open + "/link");
    CheckOpens(open + "/link/log");
    CHECK(ReadFile(elsewhere + "/log") == "x");
  }
  SUBCASE("are not followed in a folder that others can write to") {
    for (const mode_t mode : {0777, 0775}) {
      const std::string shared = open + std::to_string(mode);
      MakeFolder(shared, mode);
      MakeFolder(shared + "/job", 0755);
      MakeLink(elsewhere, shared + "/link");
      CheckRefused(shared + "/link/log", shared + "/link");
      CheckRefused(shared + "/link/made/log", shared + "/link");
      CheckRefused(shared + "/job/../link/log", shared + "/job/../link");
      CheckOpens(shared + "/job/1/log");
    }
    CHECK(CountEntries(elsewhere) == 0);
  }
  SUBCASE("are not followed when others have placed them, or own their folder") {
    if (!IsRoot()) return;
    MakeFolder(open, 01777);
    MakeLink(elsewhere, open + "/link");
    Give(open + "/link");
    CheckRefused(open + "/link/log", open + "/link");
    const std::string theirs = folder / "theirs";
    MakeFolder(theirs, 0755);
    MakeLink(elsewhere, theirs + "/link");
    Give(theirs);
    CheckRefused(theirs + "/link/log", theirs + "/link");
    CHECK(CountEntries(elsewhere) == 0);
  }
  SUBCASE("have an end") {
    MakeLink("loop", folder / "loop");
    CheckRefused(folder / "loop/log", folder / "loop");
    MakeLink(folder / "missing", folder / "dangling");
    CheckOpens(folder / "dangling/log");
    CHECK(ReadFile(folder / "missing/log") == "x");
  }
  SUBCASE("are not followed at its end") {
    WriteFile(elsewhere + "/file", "");
    MakeLink(elsewhere + "/file", folder / "link");
    CheckRefused(folder / "link", folder / "link");
  }
  SUBCASE("a launch names the one that it did not follow") {
    MakeFolder(open, 0777);
    MakeLink(elsewhere, open + "/link");
    TestLauncher launcher;
    LaunchRequest request = Program(1, "/bin/true");
    request.output = open + "/link/1/output";
    const Error error = launcher.Fail(std::move(request));
    CHECK(error.error_number == ELOOP);
    CHECK(error.syscall == "open");
    CHECK(error.path == open + "/link");
    CHECK(CountEntries(elsewhere) == 0);
  }
}

TEST_CASE("folders that are missing or cannot be") {
  TemporaryFolder folder;
  WriteFile(folder / "file", "");
  CheckOpens(folder / "a/b/c/log");
  const Result<UniqueFd> below_file = OpenForAppend(folder / "file/x/log");
  REQUIRE(!below_file);
  CHECK(below_file.error().error_number == ENOTDIR);
  const Result<UniqueFd> missing = OpenForReading(folder / "missing/file");
  REQUIRE(!missing);
  CHECK(missing.error().error_number == ENOENT);
  CHECK(!Exists(folder / "missing"));
}
