#include "core/process/orphan_reaper.h"

#include <cstdlib>
#include <utility>
#include <vector>

#include "core/process/thread.h"

namespace ucb {

OrphanReaper& OrphanReaper::Instance() {
  static OrphanReaper* const instance = [] {
    auto* const created = new OrphanReaper();
    // Without it the thread just ends with the process; it uses nothing that exit destroys.
    static_cast<void>(std::atexit([] { Instance().StopAtExit(); }));
    return created;
  }();
  return *instance;
}

void OrphanReaper::Adopt(std::unique_ptr<Reaper> reaper) {
  const std::lock_guard lock(mutex_);
  if (exiting_) return;
  std::vector<RunningProcess> children = reaper->TakeChildren();
  const std::shared_ptr<Reaper> current = current_.lock();
  if (current == nullptr || !current->Adopt(children)) {
    if (thread_.joinable()) thread_.join();
    // The reaper goes on as it is, only for us: that needs no descriptor, which might not be had.
    reaper->Orphan();
    reaper->Adopt(children);
    unattended_ = std::move(reaper);
    current_ = unattended_;
  }
  StartThreadIfNeeded();
}

void OrphanReaper::StartThreadIfNeeded() {
  if (unattended_ == nullptr) return;
  Result<std::thread> thread = StartThread("ucb-orphans", [reaper = unattended_]() mutable {
    reaper->Run();
    reaper.reset();
  });
  // A launcher has just given back several threads, so one can be had; if not, the next launcher's end tries again.
  if (!thread) return;
  thread_ = std::move(thread.value());
  unattended_.reset();
}

void OrphanReaper::StopAtExit() {
  const std::lock_guard lock(mutex_);
  exiting_ = true;
  if (const std::shared_ptr<Reaper> current = current_.lock()) current->Stop();
  if (thread_.joinable()) thread_.join();
}

}  // namespace ucb
