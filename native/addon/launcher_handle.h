#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "addon/node_api.h"
#include "core/process/launcher.h"

namespace ucb::addon {

// One launcher of one environment, and its way back to JavaScript.
//
// Order of ends. The launcher's threads call the thread-safe function, so they are joined before it is released: by
// Close, or, where the environment ends first, by a cleanup hook. Hooks run last in, first out, and the function has
// one of its own, so ours is added after the function was made. The handle itself is shared by the JavaScript object
// and the function, whichever is finalized last.
class LauncherHandle {
 public:
  // Null with a JavaScript exception pending if it cannot be had.
  static std::shared_ptr<LauncherHandle> Create(napi_env env, napi_value on_messages, const LauncherOptions& options);
  ~LauncherHandle();
  LauncherHandle(const LauncherHandle&) = delete;
  LauncherHandle& operator=(const LauncherHandle&) = delete;

  bool closed() const { return closed_; }
  // Only while not closed.
  Launcher& launcher() { return *launcher_; }
  void Ref(bool ref);
  // What the message `index` of the delivery under way is about; null if there is none or it is no failure.
  const Error* Failure(std::size_t index) const;
  // Stops the launcher and hands over what had happened until then. Does nothing the second time.
  void Close();

 private:
  explicit LauncherHandle(napi_env env) : env_(env) {}

  // How much one turn of the event loop is given, so that a storm of messages does not hold up everything else.
  static constexpr std::size_t kBatch = 32;

  static void OnWake(napi_env env, napi_value callback, void* context, void* data);
  static void OnFunctionFinalized(napi_env env, void* data, void* hint);
  static void OnEnvironmentEnd(void* data);
  void Release();
  void Deliver();
  bool DeliverBatch();
  std::size_t WriteRecords(napi_value records);

  const napi_env env_;
  std::unique_ptr<Launcher> launcher_;
  napi_threadsafe_function wake_ = nullptr;  // null once released
  napi_ref on_messages_ = nullptr;
  napi_ref records_ = nullptr;  // a Float64Array for kBatch messages
  bool closed_ = false;
  bool delivering_ = false;
  std::vector<Message> messages_;  // taken from the launcher
  std::size_t first_ = 0;          // of those being delivered, if any is
  std::size_t next_ = 0;           // the first not delivered yet
};

}  // namespace ucb::addon
