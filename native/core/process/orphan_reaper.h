#pragma once

#include <memory>
#include <mutex>
#include <thread>

#include "core/process/reaper.h"

namespace ucb {

// Waits for the children of launchers that are gone, and keeps their deadlines, so that none becomes a zombie or runs
// for longer than it may. Its one thread exists only while there are such children.
//
// This is the process's own object, since children belong to the process and outlive launchers, worker threads and
// environments: nothing smaller could own them. It is never destroyed, as any thread may come with orphans until the
// very end; its thread is joined when the process exits. Children that still run then go to the system.
class OrphanReaper {
 public:
  static OrphanReaper& Instance();

  // Takes a reaper whose Run has returned, with its children. Any thread.
  void Adopt(std::unique_ptr<Reaper> reaper);

  OrphanReaper(const OrphanReaper&) = delete;
  OrphanReaper& operator=(const OrphanReaper&) = delete;

 private:
  OrphanReaper() = default;
  ~OrphanReaper() = default;

  void StartThreadIfNeeded();
  void StopAtExit();

  std::mutex mutex_;
  std::thread thread_;
  std::weak_ptr<Reaper> current_;       // what thread_ runs; gone when it has ended
  std::shared_ptr<Reaper> unattended_;  // has no thread yet: none could be had
  bool exiting_ = false;
};

}  // namespace ucb
