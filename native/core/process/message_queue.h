#pragma once

#include <functional>
#include <mutex>
#include <utility>
#include <vector>

#include "core/process/message.h"

namespace ucb {

// Carries messages from a launcher's threads to whoever takes them, in order and in batches.
class MessageQueue {
 public:
  // `wake` is called on the posting thread when the first message after a Take was posted, but for quiet ones: one
  // wake-up is under way at most, however many messages follow. It must not block.
  explicit MessageQueue(std::function<void()> wake) : wake_(std::move(wake)) {}

  void Post(Message message) {
    bool wake = false;
    {
      const std::lock_guard lock(mutex_);
      messages_.push_back(std::move(message));
      wake = !std::exchange(wake_pending_, true);
    }
    if (wake) wake_();
  }

  // Posts what nobody waits for: it is taken with what is posted next, or with the next Take.
  void PostQuietly(Message message) {
    const std::lock_guard lock(mutex_);
    messages_.push_back(std::move(message));
  }

  // Posts and empties `messages`.
  void Post(std::vector<Message>& messages) {
    if (messages.empty()) return;
    bool wake = false;
    {
      const std::lock_guard lock(mutex_);
      for (Message& message : messages) messages_.push_back(std::move(message));
      wake = !std::exchange(wake_pending_, true);
    }
    messages.clear();
    if (wake) wake_();
  }

  // Replaces the content of `messages` by all that was posted since the last call.
  void Take(std::vector<Message>& messages) {
    messages.clear();
    const std::lock_guard lock(mutex_);
    messages_.swap(messages);
    wake_pending_ = false;
  }

 private:
  const std::function<void()> wake_;
  std::mutex mutex_;
  std::vector<Message> messages_;
  bool wake_pending_ = false;
};

}  // namespace ucb
