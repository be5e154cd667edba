#include "core/process/spawner.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <span>
#include <string>
#include <utility>

#include "core/base/unique_fd.h"
#include "core/process/descriptor.h"
#include "core/process/files.h"
#include "core/process/limited_child.h"

namespace ucb {
namespace {

constexpr const char* kEnvProgram = "/usr/bin/env";

bool IsAbsolute(const std::string& path) {
  return !path.empty() && path.front() == '/';
}

// posix_spawn gives one errno for all steps in the child. The step is found out afterwards, by looking.
Error Explain(const LaunchRequest& request, int error) {
  if (error == EAGAIN || error == ENOMEM || error == EMFILE || error == ENFILE) {
    return Error::System("posix_spawn", error, request.file);
  }
  struct stat status {};
  const bool folder = ::stat(request.cwd.c_str(), &status) == 0;
  if (!folder || !S_ISDIR(status.st_mode) || ::access(request.cwd.c_str(), X_OK) != 0) {
    return Error::System("chdir", error, request.cwd);
  }
  return Error::System("execve", error, request.file);
}

// The way through env(1), for C libraries that cannot change the folder of a child: what env would do differently
// from execve is refused, so that the result is the same or a clear error.
Status CheckForEnvProgram(const LaunchRequest& request) {
  const char* const missing = "posix_spawn_file_actions_addchdir_np";
  if (request.argv.front() != request.file || request.file.find('=') != std::string::npos) {
    return Error::System(missing, ENOSYS, request.file);
  }
  struct stat status {};
  if (::stat(request.cwd.c_str(), &status) != 0) return Error::System("chdir", errno, request.cwd);
  if (!S_ISDIR(status.st_mode)) return Error::System("chdir", ENOTDIR, request.cwd);
  if (::access(request.cwd.c_str(), X_OK) != 0) return Error::System("chdir", errno, request.cwd);
  if (::stat(request.file.c_str(), &status) != 0) return Error::System("execve", errno, request.file);
  if (!S_ISREG(status.st_mode)) return Error::System("execve", EACCES, request.file);
  if (::access(request.file.c_str(), X_OK) != 0) return Error::System("execve", errno, request.file);
  // env hands a text without "#!" to a shell; execve does not.
  const UniqueFd file(::open(request.file.c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 4> start{};
  if (file && ::read(file.get(), start.data(), start.size()) >= 0) {
    const std::string_view magic(start.data(), start.size());
    if (!magic.starts_with("#!") && magic != "\177ELF") return Error::System("execve", ENOEXEC, request.file);
  }
  return Unit{};
}

}  // namespace

Spawner::Spawner(const platform::Capabilities& capabilities, int null_fd)
    : capabilities_(capabilities), null_fd_(null_fd) {}

Result<pid_t> Spawner::Spawn(LaunchRequest& request) {
  for (const std::string* path : {&request.file, &request.cwd}) {
    if (!IsAbsolute(*path)) return Error::System("posix_spawn", EINVAL, *path);
  }
  if (request.argv.empty()) return Error::System("posix_spawn", EINVAL, request.file);

  UniqueFd script;
  if (request.script) {
    // Opened in any case: what cannot be read is better told here than by an interpreter.
    Result<UniqueFd> opened = OpenTrusted(*request.script);
    if (!opened) return opened.error();
    if (request.script->passed) script = std::move(opened.value());
  }
  UniqueFd input;
  if (request.payload) {
    Result<UniqueFd> file = platform::AnonymousFile(*request.payload);
    if (!file) return file.error();
    file = AtLeast(std::move(file.value()), 3);
    if (!file) return file.error();
    input = std::move(file.value());
  }
  UniqueFd output;
  if (request.output) {
    if (!IsAbsolute(*request.output)) return Error::System("open", EINVAL, *request.output);
    Result<UniqueFd> file = OpenForAppend(*request.output);
    if (!file) return file.error();
    output = std::move(file.value());
  }

  if (request.limits.Any()) {
    pointers_.clear();
    request.argv.AppendPointers(pointers_);
    pointers_.push_back(nullptr);
    const std::size_t arguments = pointers_.size();
    request.env.AppendPointers(pointers_);
    pointers_.push_back(nullptr);
    const std::span<char* const> pointers(pointers_);
    return StartLimited(
        capabilities_, {request, pointers.first(arguments), pointers.subspan(arguments), input ? input.get() : null_fd_,
                        output ? output.get() : null_fd_, script ? script.get() : -1});
  }

  SpawnActions actions;
  actions.Duplicate(input ? input.get() : null_fd_, STDIN_FILENO);
  actions.Duplicate(output ? output.get() : null_fd_, STDOUT_FILENO);
  actions.Duplicate(STDOUT_FILENO, STDERR_FILENO);
  if (capabilities_.add_close_from == nullptr) {
    for (const int fd : platform::InheritedDescriptors()) actions.Close(fd);
  }
  if (script) actions.Duplicate(script.get(), kScriptDescriptor);
  if (capabilities_.add_close_from != nullptr) {
    actions.Call(capabilities_.add_close_from, script ? kScriptDescriptor + 1 : 3);
  }

  pointers_.clear();
  const char* program = request.file.c_str();
  std::array<std::string, 3> prefix;
  if (capabilities_.add_chdir != nullptr) {
    actions.Call(capabilities_.add_chdir, request.cwd.c_str());
  } else {
    const Status usable = CheckForEnvProgram(request);
    if (!usable) return usable.error();
    program = kEnvProgram;
    prefix = {kEnvProgram, "-C", request.cwd};
    for (std::string& argument : prefix) pointers_.push_back(argument.data());
  }
  request.argv.AppendPointers(pointers_);
  pointers_.push_back(nullptr);
  const std::size_t environment = pointers_.size();
  request.env.AppendPointers(pointers_);
  pointers_.push_back(nullptr);

  if (actions.error() != 0) return Error::System("posix_spawn_file_actions_init", actions.error(), request.file);
  pid_t pid = 0;
  const int error =
      ::posix_spawn(&pid, program, actions.get(), attributes_.get(), pointers_.data(), pointers_.data() + environment);
  if (error != 0) return Explain(request, error);
  return pid;
}

}  // namespace ucb
