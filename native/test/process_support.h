#pragma once

#include <dirent.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/process/launcher.h"
#include "doctest/doctest.h"

// What the tests of native/core/process share.
namespace ucb::test {

// How long a condition may take to come true; far more than it ever needs.
constexpr std::chrono::seconds kCeiling{60};

inline bool Eventually(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + kCeiling;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{2});
  }
  return true;
}

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "ucb-test-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

inline std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

inline void WriteFile(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

inline bool Exists(const std::string& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

// State letter and parent of a process: nothing if there is none.
inline std::optional<std::pair<char, pid_t>> ProcessState(pid_t pid) {
  const std::string stat = ReadFile("/proc/" + std::to_string(pid) + "/stat");
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream rest(stat.substr(name_end + 2));
  char state = 0;
  pid_t parent = 0;
  rest >> state >> parent;
  return std::pair(state, parent);
}

// Whether the process is there and not just waiting to be reaped by whoever has it.
inline bool Lives(pid_t pid) {
  const auto state = ProcessState(pid);
  return state && state->first != 'Z' && state->first != 'X';
}

inline std::size_t CountEntries(const std::string& folder) {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder)) ++count;
  return count;
}

// Zombies included.
inline std::size_t CountChildren() {
  std::size_t count = 0;
  DIR* const processes = ::opendir("/proc");
  while (const dirent* const entry = ::readdir(processes)) {
    const pid_t pid = std::atoi(entry->d_name);
    if (pid <= 0) continue;
    const auto state = ProcessState(pid);
    if (state && state->second == ::getpid()) ++count;
  }
  ::closedir(processes);
  return count;
}

// Descriptors and threads when it was made; says later whether there are as many again, and no children.
class Holdings {
 public:
  // What an earlier test has left to be reaped is waited for first.
  Holdings() {
    // A sanitizer starts a thread of its own with the first of the program.
    std::thread([] {}).join();
    REQUIRE(Eventually([] { return CountChildren() == 0 && !HasThreadsOfOurs(); }));
    descriptors_ = Descriptors();
    threads_ = Threads();
  }

  // A thread that was joined, and a child whose end was told, may stay visible for an instant.
  bool AreBack() const {
    const bool back =
        Eventually([&] { return Descriptors() == descriptors_ && Threads() == threads_ && CountChildren() == 0; });
    if (!back)
      MESSAGE("descriptors " << Descriptors() << " (" << descriptors_ << "), threads " << Threads() << " (" << threads_
                             << "), children " << CountChildren());
    return back;
  }

 private:
  static std::size_t Descriptors() { return CountEntries("/proc/self/fd"); }
  static std::size_t Threads() { return CountEntries("/proc/self/task"); }

  static bool HasThreadsOfOurs() {
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
      if (ReadFile(task.path() / "comm").starts_with("ucb-")) return true;
    }
    return false;
  }

  std::size_t descriptors_ = 0;
  std::size_t threads_ = 0;
};

// What requests of all kinds have in common.
template <typename Request>
Request ProgramRequest(std::uint64_t ticket, const std::string& file, const std::vector<std::string>& arguments) {
  Request request;
  request.ticket = ticket;
  request.file = file;
  request.argv.Add(file);
  for (const std::string& argument : arguments) request.argv.Add(argument);
  request.env.Add("PATH=/usr/bin:/bin");
  return request;
}

inline LaunchRequest Program(std::uint64_t ticket, const std::string& file,
                             const std::vector<std::string>& arguments = {}) {
  LaunchRequest request = ProgramRequest<LaunchRequest>(ticket, file, arguments);
  request.cwd = "/";
  return request;
}

inline LaunchRequest Shell(std::uint64_t ticket, const std::string& script) {
  return Program(ticket, "/bin/sh", {"-c", script});
}

// Collects messages, from a queue of its own or from a launcher.
class Inbox {
 public:
  std::function<void()> Wake() {
    return [this] {
      {
        const std::lock_guard lock(mutex_);
        awake_ = true;
        ++wakes_;
      }
      changed_.notify_all();
    };
  }

  // Waits for the next message of `ticket`, in the order they came. Others stay for later.
  template <typename Source>
  Message Next(Source& source, std::uint64_t ticket) {
    const auto end = std::chrono::steady_clock::now() + kCeiling;
    for (;;) {
      for (auto message = messages_.begin(); message != messages_.end(); ++message) {
        if (message->ticket != ticket) continue;
        Message found = std::move(*message);
        messages_.erase(message);
        return found;
      }
      std::unique_lock lock(mutex_);
      REQUIRE(changed_.wait_until(lock, end, [&] { return awake_; }));
      awake_ = false;
      lock.unlock();
      Take(source);
    }
  }

  // All that is there now, and what was left by Next.
  template <typename Source>
  std::vector<Message> Rest(Source& source) {
    Take(source);
    return std::exchange(messages_, {});
  }

  int wakes() {
    const std::lock_guard lock(mutex_);
    return wakes_;
  }

 private:
  void Take(MessageQueue& queue) {
    Take([&](std::vector<Message>& batch) { queue.Take(batch); });
  }
  void Take(Launcher& launcher) {
    Take([&](std::vector<Message>& batch) { launcher.TakeMessages(batch); });
  }
  void Take(const std::function<void(std::vector<Message>&)>& take) {
    std::vector<Message> batch;
    take(batch);
    for (Message& message : batch) messages_.push_back(std::move(message));
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool awake_ = false;
  int wakes_ = 0;
  std::vector<Message> messages_;
};

// A launcher and its messages.
class TestLauncher {
 public:
  explicit TestLauncher(const LauncherOptions& options = {}) {
    Result<std::unique_ptr<Launcher>> launcher = Launcher::Start(options, inbox_.Wake());
    REQUIRE(launcher);
    launcher_ = std::move(launcher.value());
  }

  Launcher* operator->() { return launcher_.get(); }
  Message Next(std::uint64_t ticket) { return inbox_.Next(*launcher_, ticket); }
  std::vector<Message> Rest() { return inbox_.Rest(*launcher_); }
  int wakes() { return inbox_.wakes(); }

  // Launches and waits until the program runs.
  Message Start(LaunchRequest request) {
    const std::uint64_t ticket = request.ticket;
    launcher_->Launch(std::move(request));
    Message started = Next(ticket);
    REQUIRE(started.kind == Message::Kind::kStarted);
    return started;
  }

  // Launches and waits until it has ended.
  Message Run(LaunchRequest request) {
    const std::uint64_t ticket = request.ticket;
    Start(std::move(request));
    Message exited = Next(ticket);
    REQUIRE(exited.kind == Message::Kind::kExited);
    return exited;
  }

  // Launches what cannot be started.
  Error Fail(LaunchRequest request) {
    const std::uint64_t ticket = request.ticket;
    launcher_->Launch(std::move(request));
    Message failed = Next(ticket);
    REQUIRE(failed.kind == Message::Kind::kFailed);
    return *failed.error;
  }

 private:
  Inbox inbox_;
  std::unique_ptr<Launcher> launcher_;
};

}  // namespace ucb::test
