#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

#include "core/base/result.h"
#include "core/process/log_block.h"
#include "core/process/message_queue.h"
#include "core/process/platform.h"
#include "core/process/request.h"

namespace ucb {

// Appends blocks to logs on one thread of its own, in order for each log. A log that somebody else keeps locked holds
// up no other; after `patience` its blocks fail with EWOULDBLOCK.
class LogAppender {
 public:
  // `messages` outlives the appender.
  static Result<std::unique_ptr<LogAppender>> Start(MessageQueue* messages,
                                                    std::chrono::milliseconds patience = std::chrono::seconds{10});
  ~LogAppender();
  LogAppender(const LogAppender&) = delete;
  LogAppender& operator=(const LogAppender&) = delete;

  // Answered by kLogged or kLogFailed with `ticket`, unless stopped before. It need not begin before HandOver. Any
  // thread.
  void Queue(std::uint64_t ticket, LogBlock block);
  void HandOver();
  // Blocks that are not in their log by now stay out of it, and keep their body files. The owner's thread.
  void Stop();

 private:
  struct Task {
    std::uint64_t ticket;
    LogBlock block;
    platform::Clock::time_point give_up_at;
  };

  LogAppender(MessageQueue* messages, std::chrono::milliseconds patience);
  void Run();
  void Serve(Task task);
  bool IsHeldUp(const std::string& log) const;

  MessageQueue* const messages_;
  const std::chrono::milliseconds patience_;
  std::atomic<bool> stopping_{false};

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Task> tasks_;  // guarded by mutex_

  // The thread's own.
  LogBlockWriter writer_{stopping_};
  std::deque<Task> held_up_;  // their logs are locked by others

  std::thread thread_;
};

}  // namespace ucb
