#pragma once

#include <csignal>
#include <system_error>
#include <thread>
#include <utility>

#include "core/base/result.h"
#include "core/process/platform.h"

namespace ucb {

// A thread of ours: it has a name and takes no signals that are meant for the process, but for the ends of its
// children. Whoever gets it joins it.
template <typename Function>
Result<std::thread> StartThread(const char* name, Function function) {
  sigset_t blocked;
  sigset_t before;
  ::sigfillset(&blocked);
  // These are about the thread itself; and so is the end of a child that it started. Blocked there, it would interrupt
  // the main thread with each of them, even where nobody handles the signal.
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGCHLD}) ::sigdelset(&blocked, signal);
  ::pthread_sigmask(SIG_SETMASK, &blocked, &before);
  Result<std::thread> thread = [&]() -> Result<std::thread> {
    try {
      return std::thread([name, function = std::move(function)]() mutable {
        platform::NameThisThread(name);
        function();
      });
    } catch (const std::system_error& error) {
      return Error::System("pthread_create", error.code().value());
    }
  }();
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread;
}

}  // namespace ucb
