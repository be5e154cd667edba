#include "core/process/log_appender.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "core/process/thread.h"

namespace ucb {
namespace {

constexpr std::chrono::milliseconds kRetryInterval{10};

}  // namespace

Result<std::unique_ptr<LogAppender>> LogAppender::Start(MessageQueue* messages, std::chrono::milliseconds patience) {
  std::unique_ptr<LogAppender> appender(new LogAppender(messages, patience));
  Result<std::thread> thread = StartThread("ucb-log", [self = appender.get()] { self->Run(); });
  if (!thread) return thread.error();
  appender->thread_ = std::move(thread.value());
  return appender;
}

LogAppender::LogAppender(MessageQueue* messages, std::chrono::milliseconds patience)
    : messages_(messages), patience_(patience) {}

LogAppender::~LogAppender() {
  Stop();
}

void LogAppender::Queue(std::uint64_t ticket, LogBlock block) {
  const std::lock_guard lock(mutex_);
  tasks_.push_back({ticket, std::move(block), {}});
}

void LogAppender::HandOver() {
  bool waiting = false;
  {
    const std::lock_guard lock(mutex_);
    waiting = !tasks_.empty();
  }
  if (waiting) changed_.notify_one();
}

void LogAppender::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    tasks_.clear();
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void LogAppender::Run() {
  std::deque<Task> now;
  while (true) {
    {
      std::unique_lock lock(mutex_);
      const auto ready = [&] { return stopping_ || !tasks_.empty(); };
      if (held_up_.empty()) {
        changed_.wait(lock, ready);
      } else if (tasks_.empty()) {
        changed_.wait_for(lock, kRetryInterval, ready);
      }
      if (stopping_) return;
      now.swap(tasks_);
    }
    // Those that waited come first, so that each log keeps its order.
    now.insert(now.begin(), std::make_move_iterator(held_up_.begin()), std::make_move_iterator(held_up_.end()));
    held_up_.clear();
    while (!now.empty() && !stopping_) {
      Task task = std::move(now.front());
      now.pop_front();
      Serve(std::move(task));
    }
  }
}

void LogAppender::Serve(Task task) {
  const auto time = platform::Clock::now();
  if (task.give_up_at == platform::Clock::time_point{}) task.give_up_at = time + patience_;
  if (IsHeldUp(task.block.log)) {
    held_up_.push_back(std::move(task));
    return;
  }
  Result<bool> appended = writer_.Append(task.block);
  if (appended && !appended.value()) {
    if (time < task.give_up_at) {
      held_up_.push_back(std::move(task));
      return;
    }
    appended = Error::System("flock", EWOULDBLOCK, task.block.log);
  }
  // A block that was taken back because of Stop is not told of, like the ones that were never begun.
  if (stopping_ && !appended) return;
  if (appended) {
    messages_->Post(Message(Message::Kind::kLogged, task.ticket));
  } else {
    messages_->Post(Message(Message::Kind::kLogFailed, task.ticket, appended.error()));
  }
}

bool LogAppender::IsHeldUp(const std::string& log) const {
  return std::any_of(held_up_.begin(), held_up_.end(), [&](const Task& task) { return task.block.log == log; });
}

}  // namespace ucb
