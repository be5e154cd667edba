#pragma once

#include <dirent.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "doctest/doctest.h"
#include "process_support.h"

// What the tests of warm interpreters share.
namespace ucb::test {

inline const std::string kRuntime =
    (std::filesystem::absolute(__FILE__).parent_path().parent_path().parent_path() / "runtime" / "python").string();
inline const std::string kPython = "/usr/bin/python3";
constexpr std::uint64_t kHost = 1'000'000;

inline HostRequest Host(std::uint64_t ticket, const std::string& file, const std::vector<std::string>& arguments = {}) {
  return ProgramRequest<HostRequest>(ticket, file, arguments);
}

inline HostRequest PythonHost(std::uint64_t ticket = kHost) {
  return Host(ticket, kPython, {"-u", "-B", kRuntime + "/warm_host.py", UCB_FORK_HOST});
}

inline LaunchRequest Script(std::uint64_t ticket, const std::string& script, std::uint64_t host = kHost) {
  LaunchRequest request = Program(ticket, kPython, {"-u", "-B", kRuntime + "/run_callback.py", script});
  request.host = host;
  request.payload = "the input\n";
  return request;
}

// A launcher with one host that is ready.
class WarmLauncher : public TestLauncher {
 public:
  WarmLauncher() {
    (*this)->OpenHost(PythonHost());
    const Message started = Next(kHost);
    REQUIRE(started.kind == Message::Kind::kStarted);
    host_pid = started.pid;
    REQUIRE(Next(kHost).kind == Message::Kind::kHostReady);
  }

  pid_t host_pid = 0;
};

inline const std::string kUntilGo = "import os, time\nwhile not os.path.exists('go'):\n  time.sleep(0.01)\n";

// A run in this folder.
inline LaunchRequest ScriptIn(const TemporaryFolder& folder, std::uint64_t ticket) {
  LaunchRequest request = Script(ticket, folder / "s.py");
  request.cwd = folder.path();
  return request;
}

// Launches runs 1 to `count` in this folder, each with its ticket in the environment.
inline void LaunchMany(WarmLauncher& launcher, const TemporaryFolder& folder, std::uint64_t count) {
  for (std::uint64_t ticket = 1; ticket <= count; ++ticket) {
    LaunchRequest request = ScriptIn(folder, ticket);
    request.env.Add("TICKET=" + std::to_string(ticket));
    launcher->Launch(std::move(request));
  }
}

// Children of this process that wait for a run: they have the channel, which runs have closed.
inline std::vector<pid_t> WaitingForks(pid_t host) {
  std::vector<pid_t> forks;
  DIR* const processes = ::opendir("/proc");
  while (const dirent* const entry = ::readdir(processes)) {
    const pid_t pid = std::atoi(entry->d_name);
    if (pid <= 0 || pid == host) continue;
    const auto state = ProcessState(pid);
    if (!state || state->second != ::getpid()) continue;
    std::error_code none;
    const auto channel = std::filesystem::read_symlink("/proc/" + std::to_string(pid) + "/fd/3", none);
    if (channel.string().starts_with("socket:")) forks.push_back(pid);
  }
  ::closedir(processes);
  return forks;
}

// Waits until the host has made all that it wants, and they have got so far as to wait.
inline std::vector<pid_t> AllWaitingForks(pid_t host) {
  constexpr std::size_t kSpare = 4;
  std::vector<pid_t> forks;
  REQUIRE(Eventually([&] {
    forks = WaitingForks(host);
    return forks.size() == kSpare && std::all_of(forks.begin(), forks.end(), [](pid_t pid) {
             const auto state = ProcessState(pid);
             return state && state->first == 'S';
           });
  }));
  return forks;
}

}  // namespace ucb::test
