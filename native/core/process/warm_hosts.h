#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/base/result.h"
#include "core/base/unique_fd.h"
#include "core/process/message_queue.h"
#include "core/process/platform.h"
#include "core/process/reaper.h"
#include "core/process/request.h"
#include "core/process/start_gate.h"
#include "core/process/warm_host.h"

namespace ucb {

// The hosts of one launcher, on one thread. A run that a host does not begin, for whatever reason, is handed back to be
// launched without one, and kCold says why; nothing is begun twice.
class WarmHosts {
 public:
  // What the hosts work for; all of it outlives them.
  struct Surroundings {
    platform::Capabilities capabilities;
    int null_fd;  // /dev/null, open for reading and writing, above 2
    Reaper* reaper;
    MessageQueue* messages;
    StartGate* gate;
    std::function<void(LaunchRequest)> launch_cold;
  };

  static Result<std::unique_ptr<WarmHosts>> Start(Surroundings surroundings);
  ~WarmHosts();
  WarmHosts(const WarmHosts&) = delete;
  WarmHosts& operator=(const WarmHosts&) = delete;

  // Starts a host: kStarted and, at its end, kExited as of any process, or kFailed; and in between kHostReady or
  // kHostRefused. It may be asked for runs at once. Any thread, like the next four.
  void Open(HostRequest request);
  // Has a run begun by the host that `request` names.
  void Launch(LaunchRequest request);
  // Lets a host end once it has begun all it was asked for.
  void Close(std::uint64_t host);
  // Has the thread look again at what waits.
  void Wake();
  // Takes back a run that no host was asked for yet.
  std::optional<LaunchRequest> Cancel(std::uint64_t ticket);

  // Ends the thread and all hosts. Runs that have not begun never do. The owner's thread.
  void Stop();

 private:
  struct Place {
    WarmHost host;
    std::deque<LaunchRequest> waiting;  // guarded by mutex_
    bool closing = false;
    bool closed = false;  // as was wanted
  };

  struct End {
    std::uint64_t host;
    pid_t pid;
  };

  WarmHosts(Surroundings surroundings, UniqueFd events, UniqueFd wake);

  void Run();
  bool TakeTasks();
  void StartHost(HostRequest request);
  void Feed();
  Place* NextToFeed();
  void TakeEnds();
  void Listen(std::uint64_t ticket);
  void Heed(Place& place, const HostAnswer& answer);
  void Begin(Place& place, const HostAnswer& answer);
  void EndFork(WarmHost& host, pid_t pid);
  void Retire(std::uint64_t ticket);
  void GiveUp(WarmHost& host, const char* reason);
  void GoCold(LaunchRequest request, const std::string& reason);
  int ServePatience();
  void ReleaseForks(WarmHost& host);
  void Abandon();

  const Surroundings surroundings_;
  const UniqueFd events_;
  const UniqueFd wake_;

  std::mutex mutex_;  // guards the five below, and what is waiting in places
  std::vector<HostRequest> opening_;
  std::deque<LaunchRequest> arrived_;
  std::vector<std::uint64_t> closing_;
  std::vector<End> ends_;  // of hosts, and of forks that wait
  bool stopping_ = false;

  // The thread's own, but for what is waiting.
  std::unordered_map<std::uint64_t, std::unique_ptr<Place>> places_;
  std::optional<StartGate::TimePoint> gate_opens_at_;  // where it keeps runs waiting

  std::thread thread_;
};

}  // namespace ucb
