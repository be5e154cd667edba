#pragma once

#include <spawn.h>

#include <csignal>

namespace ucb {

// What posix_spawn does to the descriptors of a child, in this order.
class SpawnActions {
 public:
  SpawnActions() : error_(::posix_spawn_file_actions_init(&actions_)) {}
  ~SpawnActions() { ::posix_spawn_file_actions_destroy(&actions_); }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;

  void Duplicate(int from, int to) { Note(::posix_spawn_file_actions_adddup2(&actions_, from, to)); }
  void Close(int fd) { Note(::posix_spawn_file_actions_addclose(&actions_, fd)); }
  template <typename Function, typename Argument>
  void Call(Function* function, Argument argument) {
    Note(function(&actions_, argument));
  }

  const posix_spawn_file_actions_t* get() const { return &actions_; }
  // The first error of any call; 0 is none.
  int error() const { return error_; }

 private:
  void Note(int error) {
    if (error_ == 0) error_ = error;
  }

  posix_spawn_file_actions_t actions_{};
  int error_;
};

// What every child of ours starts with: a session of its own, default signals, none of them blocked.
class SpawnAttributes {
 public:
  SpawnAttributes() {
    // None of these calls can fail in the C libraries we run on: they fill in a structure.
    ::posix_spawnattr_init(&attributes_);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    sigset_t signals;
    ::sigfillset(&signals);
    ::sigdelset(&signals, SIGKILL);
    ::sigdelset(&signals, SIGSTOP);
    ::posix_spawnattr_setsigdefault(&attributes_, &signals);
    ::sigemptyset(&signals);
    ::posix_spawnattr_setsigmask(&attributes_, &signals);
  }
  ~SpawnAttributes() { ::posix_spawnattr_destroy(&attributes_); }
  SpawnAttributes(const SpawnAttributes&) = delete;
  SpawnAttributes& operator=(const SpawnAttributes&) = delete;

  const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_{};
};

}  // namespace ucb
