#include <fcntl.h>
#include <sys/stat.h>

#include <memory>
#include <string>

#include "core/base/unique_fd.h"
#include "doctest/doctest.h"
#include "host/known_scripts.h"
#include "process_support.h"

namespace ucb::test {
namespace {

using host::Identity;
using host::KnownScripts;

Identity LookAt(const std::string& path) {
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  const auto nanoseconds = [](const timespec& time) {
    return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(time.tv_nsec);
  };
  return {status.st_dev, status.st_ino, static_cast<std::uint64_t>(status.st_size), nanoseconds(status.st_mtim),
          nanoseconds(status.st_ctim)};
}

// A folder with a script, and what is known.
struct Site {
  TemporaryFolder folder;
  std::string path = folder / "s.py";
  std::unique_ptr<KnownScripts> scripts = std::make_unique<KnownScripts>();

  Site() { WriteFile(path, "print(1)\n"); }
  ~Site() { scripts->Clear(); }

  bool Remember(long index, long modules = 10) const {
    KnownScripts::Script script;
    script.file = LookAt(path);
    script.folder = LookAt(folder.path());
    script.index = index;
    script.modules = modules;
    return scripts->Remember(path, script);
  }

  // The index of the script that is there now; -1 if it is not known.
  long Find(long modules = 10) const {
    const UniqueFd descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    REQUIRE(descriptor.get() != -1);
    const KnownScripts::Script* const script = scripts->Find(path, descriptor.get(), modules);
    return script == nullptr ? -1 : script->index;
  }
};

}  // namespace

TEST_CASE("a script that was looked at is known by its path") {
  const Site site;
  CHECK(site.Find() == -1);
  REQUIRE(site.Remember(7));
  CHECK(site.Find() == 7);
  const UniqueFd descriptor(::open(site.path.c_str(), O_RDONLY | O_CLOEXEC));
  CHECK(site.scripts->Find(site.folder / "t.py", descriptor.get(), 10) == nullptr);
}

TEST_CASE("a script is known no more once its file, its folder or the loaded modules are others") {
  Site site;
  REQUIRE(site.Remember(7));
  SUBCASE("modules") {
    CHECK(site.Find(11) == -1);
  }
  SUBCASE("content") {
    WriteFile(site.path, "print(22)\n");
    CHECK(site.Find() == -1);
  }
  SUBCASE("time of modification") {
    const timespec times[2] = {{1, 0}, {1, 1}};
    REQUIRE(::utimensat(AT_FDCWD, site.path.c_str(), times, 0) == 0);
    CHECK(site.Find() == -1);
  }
  SUBCASE("another file of that name") {
    WriteFile(site.folder / "new", "print(1)\n");
    std::filesystem::rename(site.folder / "new", site.path);
    CHECK(site.Find() == -1);
  }
  SUBCASE("a module beside it") {
    WriteFile(site.folder / "json.py", "");
    CHECK(site.Find() == -1);
  }
  SUBCASE("no folder") {
    const UniqueFd descriptor(::open(site.path.c_str(), O_RDONLY | O_CLOEXEC));
    std::filesystem::remove_all(site.folder.path());
    CHECK(site.scripts->Find(site.path, descriptor.get(), 10) == nullptr);
  }
}

TEST_CASE("a script that is looked at again takes the place of what was known of it") {
  const Site site;
  REQUIRE(site.Remember(7));
  WriteFile(site.path, "print(22)\n");
  REQUIRE(site.Remember(8, 11));
  CHECK(site.Find(11) == 8);
  CHECK(site.Find(10) == -1);
}

TEST_CASE("scripts without a folder, or with one of no possible length, are unknown") {
  const Site site;
  const UniqueFd descriptor(::open(site.path.c_str(), O_RDONLY | O_CLOEXEC));
  KnownScripts::Script script;
  script.file = LookAt(site.path);
  script.folder = LookAt(site.folder.path());
  for (const std::string& path : {std::string("s.py"), std::string(5000, 'a') + "/s.py", std::string()}) {
    CAPTURE(path.size());
    REQUIRE(site.scripts->Remember(path, script));
    CHECK(site.scripts->Find(path, descriptor.get(), 0) == nullptr);
  }
  script.folder = LookAt("/");
  REQUIRE(site.scripts->Remember("/s.py", script));
  CHECK(site.scripts->Find("/s.py", descriptor.get(), 0) != nullptr);
}

TEST_CASE("so many scripts are remembered and no more, until all are forgotten") {
  const Site site;
  for (std::size_t count = 0; count < KnownScripts::kMost; ++count) {
    REQUIRE(site.scripts->Remember("/" + std::to_string(count), {}));
  }
  CHECK_FALSE(site.Remember(7));
  CHECK(site.Find() == -1);
  // One that has a place may have it.
  CHECK(site.scripts->Remember("/0", {}));
  site.scripts->Clear();
  CHECK(site.Remember(7));
  CHECK(site.Find() == 7);
}

}  // namespace ucb::test
