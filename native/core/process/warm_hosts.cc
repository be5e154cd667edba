#include "core/process/warm_hosts.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <limits>

#include "core/process/thread.h"

namespace ucb {
namespace {

using platform::Clock;

constexpr std::uint64_t kWakeKey = std::numeric_limits<std::uint64_t>::max();
// How long the end of a launcher waits for hosts and for forks that are just beginning.
constexpr std::chrono::seconds kLastWait{2};

bool Watch(int events, int fd, std::uint64_t key) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = key;
  return ::epoll_ctl(events, EPOLL_CTL_ADD, fd, &event) == 0;
}

std::optional<LaunchRequest> Extract(std::deque<LaunchRequest>& requests, std::uint64_t ticket) {
  const auto found = std::find_if(requests.begin(), requests.end(),
                                  [&](const LaunchRequest& request) { return request.ticket == ticket; });
  if (found == requests.end()) return std::nullopt;
  std::optional<LaunchRequest> request(std::move(*found));
  requests.erase(found);
  return request;
}

}  // namespace

Result<std::unique_ptr<WarmHosts>> WarmHosts::Start(Surroundings surroundings) {
  UniqueFd events(::epoll_create1(EPOLL_CLOEXEC));
  if (!events) return Error::System("epoll_create1", errno);
  UniqueFd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake) return Error::System("eventfd", errno);
  if (!Watch(events.get(), wake.get(), kWakeKey)) return Error::System("epoll_ctl", errno);
  std::unique_ptr<WarmHosts> hosts(new WarmHosts(std::move(surroundings), std::move(events), std::move(wake)));
  Result<std::thread> thread = StartThread("ucb-warm", [owner = hosts.get()] { owner->Run(); });
  if (!thread) return thread.error();
  hosts->surroundings_.reaper->WatchHosts([owner = hosts.get()](std::uint64_t host, pid_t pid) {
    {
      const std::lock_guard lock(owner->mutex_);
      owner->ends_.push_back({host, pid});
    }
    owner->Wake();
  });
  hosts->thread_ = std::move(thread.value());
  return hosts;
}

WarmHosts::WarmHosts(Surroundings surroundings, UniqueFd events, UniqueFd wake)
    : surroundings_(std::move(surroundings)), events_(std::move(events)), wake_(std::move(wake)) {}

WarmHosts::~WarmHosts() {
  Stop();
}

void WarmHosts::Open(HostRequest request) {
  {
    const std::lock_guard lock(mutex_);
    opening_.push_back(std::move(request));
  }
  Wake();
}

void WarmHosts::Launch(LaunchRequest request) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = arrived_.empty();
    arrived_.push_back(std::move(request));
  }
  if (first) Wake();
}

void WarmHosts::Close(std::uint64_t host) {
  {
    const std::lock_guard lock(mutex_);
    closing_.push_back(host);
  }
  Wake();
}

std::optional<LaunchRequest> WarmHosts::Cancel(std::uint64_t ticket) {
  const std::lock_guard lock(mutex_);
  std::optional<LaunchRequest> request = Extract(arrived_, ticket);
  for (auto place = places_.begin(); !request && place != places_.end(); ++place) {
    request = Extract(place->second->waiting, ticket);
  }
  return request;
}

void WarmHosts::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  Wake();
  if (thread_.joinable()) thread_.join();
  surroundings_.reaper->WatchHosts(nullptr);
}

void WarmHosts::Wake() {
  const std::uint64_t one = 1;
  // It fails only when the counter is full, and then it wakes all the same.
  [[maybe_unused]] const ssize_t count = ::write(wake_.get(), &one, sizeof one);
}

void WarmHosts::Run() {
  std::array<epoll_event, 16> events;
  while (TakeTasks()) {
    const int count = ::epoll_wait(events_.get(), events.data(), static_cast<int>(events.size()), ServePatience());
    for (int index = 0; index < count; ++index) {
      const std::uint64_t key = events[static_cast<std::size_t>(index)].data.u64;
      if (key == kWakeKey) {
        std::uint64_t counter = 0;
        [[maybe_unused]] const ssize_t size = ::read(wake_.get(), &counter, sizeof counter);
        continue;
      }
      Listen(key);
    }
    TakeEnds();
  }
  Abandon();
}

// False once it is to stop.
bool WarmHosts::TakeTasks() {
  std::deque<LaunchRequest> homeless;
  std::vector<std::uint64_t> closing;
  {
    std::unique_lock lock(mutex_);
    // A host may be asked for while another is being started, and a run of it as well, which must not come first.
    while (!stopping_ && !opening_.empty()) {
      std::vector<HostRequest> opening;
      opening.swap(opening_);
      lock.unlock();
      for (HostRequest& request : opening) StartHost(std::move(request));
      lock.lock();
    }
    if (stopping_) return false;
    for (LaunchRequest& request : arrived_) {
      const auto found = places_.find(request.host);
      const bool is_gone = found == places_.end() || found->second->closed;
      std::deque<LaunchRequest>& line = is_gone ? homeless : found->second->waiting;
      line.push_back(std::move(request));
    }
    arrived_.clear();
    closing.swap(closing_);
  }
  for (LaunchRequest& request : homeless) GoCold(std::move(request), "its warm interpreter has ended");
  for (const std::uint64_t ticket : closing) {
    const auto found = places_.find(ticket);
    if (found != places_.end()) found->second->closing = true;
  }
  Feed();
  for (auto& [ticket, place] : places_) {
    if (!place->closing || place->closed || !place->host.idle() || !place->waiting.empty()) continue;
    place->closed = true;
    place->host.Leave();
  }
  return true;
}

void WarmHosts::StartHost(HostRequest request) {
  LaunchRequest child;
  child.ticket = request.ticket;
  const auto started_at = Clock::now();
  Result<WarmHost> host = WarmHost::Start(surroundings_.capabilities, surroundings_.null_fd, request);
  if (!host) {
    surroundings_.messages->Post(Message(Message::Kind::kFailed, request.ticket, host.error()));
    return;
  }
  auto place = std::make_unique<Place>(Place{std::move(host.value()), {}});
  const bool is_heard = Watch(events_.get(), place->host.channel(), request.ticket);
  Message message(Message::Kind::kStarted, request.ticket);
  message.pid = place->host.pid();
  message.start_ticks = platform::StartTicks(message.pid);
  surroundings_.reaper->AddHost(child, started_at, std::move(message));
  if (!is_heard) GiveUp(place->host, "it cannot be listened to");
  const std::lock_guard lock(mutex_);
  places_.insert_or_assign(request.ticket, std::move(place));
}

// Asks for what waits, as far as the gate and the hosts let it.
void WarmHosts::Feed() {
  gate_opens_at_.reset();
  for (;;) {
    LaunchRequest request;
    Place* place = nullptr;
    {
      const std::lock_guard lock(mutex_);
      place = NextToFeed();
      if (place == nullptr) return;
      gate_opens_at_ = surroundings_.gate->Enter(place->waiting.front().ticket);
      if (gate_opens_at_) return;
      request = std::move(place->waiting.front());
      place->waiting.pop_front();
    }
    const WarmHost::Sent sent = place->host.Ask(request);
    if (sent == WarmHost::Sent::kYes) continue;
    if (sent == WarmHost::Sent::kImpossible) {
      GoCold(std::move(request), "it cannot be handed to its warm interpreter");
      continue;
    }
    // It will say something, or end.
    surroundings_.gate->Leave(request.ticket);
    const std::lock_guard lock(mutex_);
    place->waiting.push_front(std::move(request));
    return;
  }
}

// The one of all hosts whose next run was asked for first: none waits for as long as another has something to do. With
// mutex_ held.
WarmHosts::Place* WarmHosts::NextToFeed() {
  Place* next = nullptr;
  for (auto& [ticket, place] : places_) {
    if (place->waiting.empty() || !place->host.MayBeAsked()) continue;
    if (next == nullptr || place->waiting.front().ticket < next->waiting.front().ticket) next = place.get();
  }
  return next;
}

// Whoever begins says so before, so that a fork that ends and has said nothing has begun nothing. Which of the runs
// that were asked for it had taken, if any, nobody knows.
void WarmHosts::TakeEnds() {
  std::vector<End> ends;
  {
    const std::lock_guard lock(mutex_);
    ends.swap(ends_);
  }
  for (const auto& [ticket, pid] : ends) {
    Listen(ticket);
    const auto found = places_.find(ticket);
    if (found == places_.end()) continue;
    WarmHost& host = found->second->host;
    if (pid == host.pid()) {
      // Its forks hold the channel.
      host.Leave();
    } else if (host.IsParked(pid)) {
      EndFork(host, pid);
      if (!host.leaves()) GiveUp(host, "a fork of the warm interpreter has ended before its run");
    }
  }
}

void WarmHosts::Listen(std::uint64_t ticket) {
  const auto found = places_.find(ticket);
  if (found == places_.end()) return;
  Place& place = *found->second;
  while (const std::optional<HostAnswer> answer = place.host.Answer()) {
    if (answer->kind == HostAnswer::Kind::kReady) {
      place.host.BecomeReady();
      surroundings_.messages->Post(Message(Message::Kind::kHostReady, ticket));
    } else if (answer->kind == HostAnswer::Kind::kCold) {
      EndFork(place.host, answer->pid);
      std::optional<WarmHost::Asked> asked = place.host.Take(answer->ticket);
      if (asked) GoCold(std::move(asked->request), answer->reason);
    } else {
      Heed(place, *answer);
    }
  }
  if (place.host.over()) Retire(ticket);
}

// What matters until the very end.
void WarmHosts::Heed(Place& place, const HostAnswer& answer) {
  switch (answer.kind) {
    case HostAnswer::Kind::kForked:
      if (place.host.Park(answer.pid)) surroundings_.reaper->AddFork(place.host.ticket(), answer.pid);
      break;
    case HostAnswer::Kind::kStarted:
      Begin(place, answer);
      break;
    case HostAnswer::Kind::kCold:
    case HostAnswer::Kind::kLeaves:
      EndFork(place.host, answer.pid);
      break;
    case HostAnswer::Kind::kReady:
    case HostAnswer::Kind::kRefused:
      break;  // refusals are told with the host's end, which is near
  }
}

void WarmHosts::Begin(Place& place, const HostAnswer& answer) {
  const bool was_parked = place.host.Unpark(answer.pid);
  const std::optional<WarmHost::Asked> asked = place.host.Take(answer.ticket);
  if (!asked) return;
  surroundings_.gate->Begin(answer.ticket, answer.pid);
  if (const int nice = asked->request.limits.nice; nice != 0) platform::LetSessionStandBack(answer.pid, nice);
  Message message(Message::Kind::kStarted, answer.ticket);
  message.warm = true;
  message.pid = answer.pid;
  // Nobody has waited for it until now, so this tells of no other even if it has ended.
  if (asked->request.identified) message.start_ticks = platform::StartTicks(answer.pid);
  if (was_parked && surroundings_.reaper->Begin(asked->request, asked->at, message)) return;
  surroundings_.reaper->Add(asked->request, asked->at, std::move(message));
}

void WarmHosts::EndFork(WarmHost& host, pid_t pid) {
  if (host.Unpark(pid)) {
    surroundings_.reaper->Release(pid);
  } else {
    WarmHost::EndFork(pid);
  }
}

// What it has not begun, nobody else will: its channel is closed on all sides.
void WarmHosts::Retire(std::uint64_t ticket) {
  std::unique_ptr<Place> place;
  {
    const std::lock_guard lock(mutex_);
    const auto found = places_.find(ticket);
    if (found == places_.end()) return;
    place = std::move(found->second);
    places_.erase(found);
  }
  // A child that is just being spawned holds a copy of the channel, and would keep it in there.
  ::epoll_ctl(events_.get(), EPOLL_CTL_DEL, place->host.channel(), nullptr);
  const std::string reason = place->host.reason();
  if (!place->closed) {
    Error error;
    error.message = reason;
    surroundings_.messages->Post(Message(Message::Kind::kHostRefused, ticket, std::move(error)));
  }
  ReleaseForks(place->host);
  for (WarmHost::Asked& asked : place->host.TakeAll()) GoCold(std::move(asked.request), reason);
  for (LaunchRequest& request : place->waiting) GoCold(std::move(request), reason);
}

void WarmHosts::GiveUp(WarmHost& host, const char* reason) {
  // Its forks live on: one that nobody knows of yet must tell of itself.
  if (!host.GiveUp(reason)) ReleaseForks(host);
  surroundings_.reaper->Kill(host.ticket());
}

void WarmHosts::ReleaseForks(WarmHost& host) {
  for (const pid_t pid : host.UnparkAll()) surroundings_.reaper->Release(pid);
}

void WarmHosts::GoCold(LaunchRequest request, const std::string& reason) {
  surroundings_.gate->Leave(request.ticket);
  Error error;
  error.message = reason;
  surroundings_.messages->Post(Message(Message::Kind::kCold, request.ticket, std::move(error)));
  request.host = 0;
  surroundings_.launch_cold(std::move(request));
}

// Says for how many milliseconds all hosts may be silent, or nothing is asked of them; -1 is for ever.
int WarmHosts::ServePatience() {
  std::optional<Clock::time_point> next = gate_opens_at_;
  const Clock::time_point now = Clock::now();
  for (auto& [ticket, place] : places_) {
    const std::optional<Clock::time_point> end = place->host.patience_ends();
    if (end && *end <= now) GiveUp(place->host, "the warm interpreter did not answer in time");
    if (end && *end > now) next = next ? std::min(*next, *end) : *end;
  }
  if (!next) return -1;
  return std::max(0, static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(*next - now).count()));
}

// A host that was asked for something might still begin it, with nobody left to wait for the run's end: such a host is
// killed, and what its forks had begun until then is found out.
void WarmHosts::Abandon() {
  const Clock::time_point end = Clock::now() + kLastWait;
  for (auto& [ticket, place] : places_) {
    if (place->host.idle()) {
      place->host.Leave();
    } else {
      GiveUp(place->host, "the launcher has ended");
    }
  }
  while (!places_.empty()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
    if (left <= 0) break;
    std::array<epoll_event, 16> events;
    const int count =
        ::epoll_wait(events_.get(), events.data(), static_cast<int>(events.size()), static_cast<int>(left));
    for (int index = 0; index < count; ++index) {
      const auto found = places_.find(events[static_cast<std::size_t>(index)].data.u64);
      if (found == places_.end()) {
        std::uint64_t counter = 0;
        [[maybe_unused]] const ssize_t size = ::read(wake_.get(), &counter, sizeof counter);
        continue;
      }
      WarmHost& host = found->second->host;
      while (const std::optional<HostAnswer> answer = host.Answer()) Heed(*found->second, *answer);
      if (!host.over()) continue;
      ReleaseForks(host);
      places_.erase(found);
    }
  }
  for (auto& [ticket, place] : places_) {
    ReleaseForks(place->host);
    surroundings_.reaper->Kill(ticket);
  }
  places_.clear();
}

}  // namespace ucb
