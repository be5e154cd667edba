#include "core/process/launcher.h"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "core/process/files.h"
#include "core/process/orphan_reaper.h"
#include "core/process/spawner.h"
#include "core/process/thread.h"

namespace ucb {

Result<std::unique_ptr<Launcher>> Launcher::Start(const LauncherOptions& options, std::function<void()> wake) {
  std::unique_ptr<Launcher> launcher(new Launcher(options, std::move(wake)));
  Result<UniqueFd> null = OpenNull();
  if (!null) return null.error();
  launcher->null_ = std::move(null.value());
  Result<std::unique_ptr<Reaper>> reaper = Reaper::Create(options.capabilities, &launcher->messages_, &launcher->gate_);
  if (!reaper) return reaper.error();
  launcher->reaper_ = std::move(reaper.value());
  const Status started = launcher->StartThreads(std::max(1U, options.threads));
  if (!started) return started.error();
  return launcher;
}

Launcher::Launcher(const LauncherOptions& options, std::function<void()> wake)
    : capabilities_(options.capabilities),
      messages_(std::move(wake)),
      gate_(options.starting_at_once, [this] { OnRoom(); }) {}

Launcher::~Launcher() {
  Stop();
}

Status Launcher::StartThreads(unsigned count) {
  Result<std::unique_ptr<LogAppender>> log_appender = LogAppender::Start(&messages_);
  if (!log_appender) return log_appender.error();
  log_appender_ = std::move(log_appender.value());
  Result<std::thread> reaper_thread = StartThread("ucb-reaper", [this] { reaper_->Run(); });
  if (!reaper_thread) return reaper_thread.error();
  reaper_thread_ = std::move(reaper_thread.value());
  for (unsigned index = 0; index < count; ++index) {
    Result<std::thread> thread = StartThread("ucb-launch", [this] { LaunchLoop(); });
    if (!thread) return thread.error();
    threads_.push_back(std::move(thread.value()));
  }
  return Unit{};
}

void Launcher::Launch(LaunchRequest request) {
  Queue(std::move(request));
  HandOver();
}

void Launcher::Queue(LaunchRequest request) {
  if (request.host != 0 && warm_hosts_ != nullptr) {
    warm_hosts_->Launch(std::move(request));
  } else {
    QueueCold(std::move(request));
  }
}

void Launcher::HandOver() {
  WakeLaunching();
  if (log_appender_ != nullptr) log_appender_->HandOver();
}

void Launcher::WakeLaunching() {
  std::size_t waiting = 0;
  {
    const std::lock_guard lock(mutex_);
    waiting = requests_.size();
  }
  // A thread that is at work looks for more by itself.
  if (waiting == 1) changed_.notify_one();
  if (waiting > 1) changed_.notify_all();
}

void Launcher::OnRoom() {
  const std::lock_guard lock(mutex_);
  changed_.notify_all();
  if (warm_hosts_ != nullptr) warm_hosts_->Wake();
}

void Launcher::QueueCold(LaunchRequest request) {
  const std::lock_guard lock(mutex_);
  if (!stopping_) requests_.push_back(std::move(request));
}

void Launcher::Adopt(const AdoptRequest& request) {
  if (reaper_ == nullptr) return;
  const Status taken = reaper_->TakeOver(request);
  if (!taken) messages_.Post(Message(Message::Kind::kFailed, request.ticket, taken.error()));
}

void Launcher::AppendLog(std::uint64_t ticket, LogBlock block) {
  QueueLog(ticket, std::move(block));
  HandOver();
}

void Launcher::QueueLog(std::uint64_t ticket, LogBlock block) {
  if (log_appender_ != nullptr) log_appender_->Queue(ticket, std::move(block));
}

void Launcher::OpenHost(HostRequest request) {
  if (reaper_ == nullptr) return;
  if (warm_hosts_ == nullptr) {
    Result<std::unique_ptr<WarmHosts>> hosts =
        WarmHosts::Start({capabilities_, null_.get(), reaper_.get(), &messages_, &gate_, [this](LaunchRequest cold) {
                            QueueCold(std::move(cold));
                            WakeLaunching();
                          }});
    if (!hosts) {
      messages_.Post(Message(Message::Kind::kFailed, request.ticket, hosts.error()));
      return;
    }
    const std::lock_guard lock(mutex_);
    warm_hosts_ = std::move(hosts.value());
  }
  warm_hosts_->Open(std::move(request));
}

void Launcher::CloseHost(std::uint64_t ticket) {
  if (warm_hosts_ != nullptr) warm_hosts_->Close(ticket);
}

bool Launcher::Signal(std::uint64_t ticket, int signal) {
  return reaper_ != nullptr && reaper_->Signal(ticket, signal);
}

bool Launcher::Terminate(std::uint64_t ticket, Milliseconds kill_after) {
  std::optional<LaunchRequest> waiting;
  {
    const std::lock_guard lock(mutex_);
    const auto found = std::find_if(requests_.begin(), requests_.end(),
                                    [&](const LaunchRequest& request) { return request.ticket == ticket; });
    if (found != requests_.end()) {
      waiting = std::move(*found);
      requests_.erase(found);
    } else {
      const auto begins = FindBeginning(ticket);
      if (begins != beginnings_.end()) {
        begins->terminate = std::min(begins->terminate.value_or(kill_after), kill_after);
        return true;
      }
    }
  }
  if (!waiting && warm_hosts_ != nullptr) waiting = warm_hosts_->Cancel(ticket);
  if (!waiting) return reaper_ != nullptr && reaper_->Terminate(ticket, kill_after);
  messages_.Post(Message(Message::Kind::kFailed, ticket, Error::System("posix_spawn", ECANCELED, waiting->file)));
  return true;
}

void Launcher::TakeMessages(std::vector<Message>& messages) {
  messages_.Take(messages);
}

void Launcher::Stop() {
  std::unique_ptr<WarmHosts> hosts;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    requests_.clear();
    hosts = std::move(warm_hosts_);
  }
  changed_.notify_all();
  // First: until here it may have handed requests to the launching threads.
  hosts.reset();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  if (log_appender_ != nullptr) log_appender_->Stop();
  log_appender_.reset();
  // Last: until here the launching threads may have added children.
  if (reaper_ != nullptr) reaper_->Stop();
  if (reaper_thread_.joinable()) reaper_thread_.join();
  if (reaper_ != nullptr && reaper_->HasChildren()) OrphanReaper::Instance().Adopt(std::move(reaper_));
  reaper_.reset();
  null_.Reset();
}

void Launcher::LaunchLoop() {
  Spawner spawner(capabilities_, null_.get());
  for (;;) {
    LaunchRequest request;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return stopping_ || !requests_.empty(); });
      if (stopping_) return;
      if (const auto later = gate_.Enter(requests_.front().ticket)) {
        changed_.wait_until(lock, *later);
        continue;
      }
      request = std::move(requests_.front());
      requests_.pop_front();
      beginnings_.push_back({request.ticket, std::nullopt});
    }
    const auto started_at = platform::Clock::now();
    const Result<pid_t> pid = spawner.Spawn(request);
    if (!pid) {
      EndBeginning(request.ticket);
      gate_.Leave(request.ticket);
      messages_.Post(Message(Message::Kind::kFailed, request.ticket, pid.error()));
      continue;
    }
    gate_.Begin(request.ticket, pid.value());
    if (request.limits.nice != 0) platform::LetSessionStandBack(pid.value(), request.limits.nice);
    Message message(Message::Kind::kStarted, request.ticket);
    message.pid = pid.value();
    // Nobody waits for the child before it is added, so this tells of no other even if it has ended.
    if (request.identified) message.start_ticks = platform::StartTicks(pid.value());
    std::optional<Milliseconds> terminate;
    reaper_->Add(request, started_at, std::move(message), [&] { terminate = EndBeginning(request.ticket); });
    if (terminate) reaper_->Terminate(request.ticket, *terminate);
  }
}

std::optional<Milliseconds> Launcher::EndBeginning(std::uint64_t ticket) {
  const std::lock_guard lock(mutex_);
  const auto found = FindBeginning(ticket);
  const std::optional<Milliseconds> terminate = found->terminate;
  beginnings_.erase(found);
  return terminate;
}

std::vector<Launcher::Beginning>::iterator Launcher::FindBeginning(std::uint64_t ticket) {
  return std::find_if(beginnings_.begin(), beginnings_.end(),
                      [&](const Beginning& beginning) { return beginning.ticket == ticket; });
}

}  // namespace ucb
