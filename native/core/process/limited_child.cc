#include "core/process/limited_child.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "core/base/unique_fd.h"
#include "core/process/descriptor.h"
#include "core/process/platform.h"
#include "core/process/trusted_file.h"

// Between vfork and exec the child runs in this process's memory while the calling thread stands still: it may only
// make system calls, by their numbers, since wrappers of the C library keep books.
namespace ucb {
namespace {

enum class Step : int { kDup, kFolder, kLimit, kNice, kExec };

struct Failure {
  Step step;
  int error_number;
};

// What the kernel takes for a signal's disposition. All zeros is the default one.
struct KernelSigaction {
  void* handler;
  unsigned long flags;
  void* restorer;
  std::uint64_t mask;
};

struct Limit {
  int resource;
  const std::optional<std::uint64_t>* value;
};

struct Plan {
  const char* program;
  const char* folder;
  char* const* argv;
  char* const* env;
  int input;
  int output;
  int script;
  int report;  // above kScriptDescriptor
  int nice;
  const Limit* limits;
  std::size_t limit_count;
  bool close_range;
  const int* inherited;  // to be closed where there is no close_range
  std::size_t inherited_count;
};

// Headers of old systems do not name it; the number is the same on all architectures.
constexpr long kCloseRange = 436;
constexpr int kSignals = 64;

[[noreturn]] void Fail(const Plan& plan, Step step) {
  const Failure failure{step, errno};
  ::syscall(SYS_write, plan.report, &failure, sizeof failure);
  for (;;) ::syscall(SYS_exit_group, 127);
}

void Duplicate(const Plan& plan, int from, int to) {
  if (::syscall(SYS_dup3, from, to, 0) < 0) Fail(plan, Step::kDup);
}

// Never raises what the process may use: a limit beyond its own has no effect.
void SetLimit(const Plan& plan, const Limit& limit) {
  if (!*limit.value) return;
  std::array<std::uint64_t, 2> values{};  // soft and hard, as the kernel has them on all systems
  if (::syscall(SYS_prlimit64, 0, limit.resource, nullptr, values.data()) != 0) Fail(plan, Step::kLimit);
  values.fill(std::min(**limit.value, values[1]));
  if (::syscall(SYS_prlimit64, 0, limit.resource, values.data(), nullptr) != 0) Fail(plan, Step::kLimit);
}

void StandBack(const Plan& plan) {
  if (plan.nice == 0) return;
  // The call tells 20 minus the value, so that no answer is negative.
  const int present = 20 - static_cast<int>(::syscall(SYS_getpriority, PRIO_PROCESS, 0));
  const int wanted = std::min(present + plan.nice, platform::kLeastNice);
  if (::syscall(SYS_setpriority, PRIO_PROCESS, 0, wanted) != 0) Fail(plan, Step::kNice);
}

void CloseInherited(const Plan& plan) {
  if (plan.close_range) {
    const auto report = static_cast<unsigned>(plan.report);
    const unsigned first = plan.script < 0 ? 3 : kScriptDescriptor + 1;
    if (report > first) ::syscall(kCloseRange, first, report - 1, 0U);
    ::syscall(kCloseRange, report + 1, UINT_MAX, 0U);
    return;
  }
  for (std::size_t index = 0; index < plan.inherited_count; ++index) {
    const int inherited = plan.inherited[index];
    if (plan.script < 0 || inherited != kScriptDescriptor) ::syscall(SYS_close, inherited);
  }
}

[[noreturn]] void BecomeProgram(const Plan& plan) {
  ::syscall(SYS_setsid);
  Duplicate(plan, plan.input, STDIN_FILENO);
  Duplicate(plan, plan.output, STDOUT_FILENO);
  Duplicate(plan, plan.output, STDERR_FILENO);
  if (plan.script >= 0) Duplicate(plan, plan.script, kScriptDescriptor);
  CloseInherited(plan);
  if (::syscall(SYS_chdir, plan.folder) != 0) Fail(plan, Step::kFolder);
  for (std::size_t index = 0; index < plan.limit_count; ++index) SetLimit(plan, plan.limits[index]);
  StandBack(plan);
  // A handler of this process must never run in the child; from here on there is none.
  const KernelSigaction standard{};
  for (int signal = 1; signal <= kSignals; ++signal) {
    ::syscall(SYS_rt_sigaction, signal, &standard, nullptr, sizeof standard.mask);
  }
  const std::uint64_t none = 0;
  ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, nullptr, sizeof none);
  ::syscall(SYS_execve, plan.program, plan.argv, plan.env);
  Fail(plan, Step::kExec);
}

pid_t Fork(const Plan& plan) {
  const pid_t pid = ::vfork();        // NOLINT(clang-analyzer-security.insecureAPI.vfork): all else copies page tables
  if (pid == 0) BecomeProgram(plan);  // NOLINT(clang-analyzer-unix.Vfork): it makes system calls only, until exec
  return pid;
}

Error Describe(const LaunchRequest& request, const Failure& failure) {
  switch (failure.step) {
    case Step::kDup:
      return Error::System("dup3", failure.error_number, request.file);
    case Step::kFolder:
      return Error::System("chdir", failure.error_number, request.cwd);
    case Step::kLimit:
      return Error::System("prlimit", failure.error_number, request.file);
    case Step::kNice:
      return Error::System("setpriority", failure.error_number, request.file);
    case Step::kExec:
      break;
  }
  return Error::System("execve", failure.error_number, request.file);
}

}  // namespace

Result<pid_t> StartLimited(const platform::Capabilities& capabilities, const LimitedChild& child) {
  const LaunchRequest& request = child.request;
  // Its end is closed by exec: nothing to read means that the program runs.
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return Error::System("pipe2", errno, request.file);
  const UniqueFd reader(ends[0]);
  Result<UniqueFd> moved = AtLeast(UniqueFd(ends[1]), kScriptDescriptor + 1, request.file);
  if (!moved) return moved.error();
  UniqueFd writer = std::move(moved.value());

  const std::array limits = {Limit{RLIMIT_AS, &request.limits.memory}, Limit{RLIMIT_NOFILE, &request.limits.files},
                             Limit{RLIMIT_FSIZE, &request.limits.file_size}};
  const std::vector<int> inherited = capabilities.close_range ? std::vector<int>() : platform::InheritedDescriptors();
  const Plan plan{request.file.c_str(), request.cwd.c_str(), child.argv.data(), child.env.data(),
                  child.input,          child.output,        child.script,      writer.get(),
                  request.limits.nice,  limits.data(),       limits.size(),     capabilities.close_range,
                  inherited.data(),     inherited.size()};
  const pid_t pid = Fork(plan);
  if (pid < 0) return Error::System("vfork", errno, request.file);
  writer.Reset();
  Failure failure{};
  ssize_t size = 0;
  do {
    size = ::read(reader.get(), &failure, sizeof failure);
  } while (size < 0 && errno == EINTR);
  if (size != static_cast<ssize_t>(sizeof failure)) return pid;
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) continue;
  return Describe(request, failure);
}

}  // namespace ucb
