#include "host/fork_host.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>

#include "host/environment.h"
#include "host/known_scripts.h"
#include "host/limits.h"
#include "host/packets.h"
#include "host/python.h"
#include "host/request.h"

namespace ucb::host {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kLongestPacket = 1U << 14U;
constexpr auto kTaken = "\0"sv;

// The same few pages are used again and again: each that is written to after a fork is copied first.
struct Host {
  UcbHostOptions options{};
  std::string_view runner;
  void* thread_id = nullptr;
  int missing = 0;  // forks, of those that are to wait
  KnownScripts scripts;
  PythonObjects objects;
  UcbKnown known{};
};

struct Fork {
  std::array<char, 16> pid_text{};
  std::string_view pid;
  Request request;
  int script = -1;
  int input = -1;
  int output = -1;
  long index = -1;  // of a script that is known
  UcbUse use = kUcbSource;
};

Host the_host;
Fork the_fork;
std::array<char, kLongestPacket + 1> the_packet;

void Answer(std::initializer_list<std::string_view> parts) {
  // Nobody is there any more: the host, and a fork nobody knows of, have no purpose.
  if (!Send(the_host.options.channel, parts)) _exit(1);
}

std::string_view Text(pid_t pid, std::array<char, 16>& room) {
  const std::to_chars_result result = std::to_chars(room.data(), room.data() + room.size(), pid);
  return {room.data(), static_cast<std::size_t>(result.ptr - room.data())};
}

// A process whose parent is our own.
pid_t Clone() {
  constexpr unsigned long kFlags = CLONE_PARENT | CLONE_CHILD_CLEARTID | CLONE_CHILD_SETTID | SIGCHLD;
#if defined(__x86_64__)
  return static_cast<pid_t>(syscall(SYS_clone, kFlags, nullptr, nullptr, the_host.thread_id, nullptr));
#elif defined(__aarch64__)
  return static_cast<pid_t>(syscall(SYS_clone, kFlags, nullptr, nullptr, nullptr, the_host.thread_id));
#else
  errno = ENOSYS;
  return -1;
#endif
}

// In a fork: tells the host that it waits no more, and of a script that the host does not know. That the host is no
// more is no matter.
void HaveAnother() {
  if (the_fork.index >= 0 || the_fork.request.script.empty() || the_fork.script == -1) {
    Send(the_host.options.outer, {kTaken});
  } else {
    Send(the_host.options.outer, {the_fork.request.script}, the_fork.script);
  }
  close(the_host.options.outer);
}

[[noreturn]] void Refuse(std::string_view reason) {
  Answer({"C", the_fork.request.ticket, the_fork.pid, reason.substr(0, 4000)});
  HaveAnother();
  _exit(1);
}

[[noreturn]] void RefuseFor(const char* what, std::string_view path) {
  std::array<char, 1024> reason{};
  std::snprintf(reason.data(), reason.size(), "%s %.*s: %s", what, static_cast<int>(path.size()), path.data(),
                std::strerror(errno));
  Refuse(reason.data());
}

// In a fork: waits for a request, and takes it apart. What goes wrong is found again, and told, by a run without a
// fork.
void TakeRequest() {
  Descriptors descriptors;
  const ssize_t size = Receive(the_host.options.channel, the_packet.data(), kLongestPacket, descriptors);
  if (size <= 0) {
    Answer({"X", the_fork.pid});
    _exit(0);
  }
  the_packet[static_cast<std::size_t>(size)] = '\0';
  std::string_view body(the_packet.data(), static_cast<std::size_t>(size));
  std::string_view letters;
  if (!TakeText(body, the_fork.request.ticket) || !TakeText(body, letters)) _exit(1);
  for (std::size_t index = 0; index < std::min(letters.size(), descriptors.size()); index++) {
    const int descriptor = descriptors[index];
    switch (letters[index]) {
      case 's':
        the_fork.script = descriptor;
        break;
      case 'i':
        the_fork.input = descriptor;
        break;
      case 'o':
        the_fork.output = descriptor;
        break;
      default: {
        std::size_t length = 0;
        const char* all = ReadAll(descriptor, length);
        if (all == nullptr) RefuseFor("cannot read", "its request");
        body = {all, length};
        close(descriptor);
      }
    }
  }
  const char* wrong = ParseBody(body, the_host.runner, the_fork.request);
  if (wrong != nullptr) Refuse(wrong);
}

void Become(int descriptor, int place) {
  if (descriptor == -1) return;
  if (dup2(descriptor, place) == -1) RefuseFor("cannot place", "a descriptor");
}

// In a fork: makes the process what a run is before its script.
void Begin(UcbServing& serving, void* assignments) {
  Request& request = the_fork.request;
  if (chdir(request.folder.data()) != 0) RefuseFor("cannot change to", request.folder);
  Become(the_fork.input, STDIN_FILENO);
  Become(the_fork.output, STDOUT_FILENO);
  Become(the_fork.output, STDERR_FILENO);
  for (const int descriptor : {the_fork.input, the_fork.output}) {
    if (descriptor != -1) close(descriptor);
  }
  if (the_fork.use == kUcbCompiled) close(std::exchange(the_fork.script, -1));
  // It is in the packet, or in memory of its own: both may be written to.
  request.variables = ReplaceEnvironment(const_cast<char*>(request.variables.data()), request.variables.size());
  if (request.variables.data() == nullptr) RefuseFor("cannot replace", "its variables");
  // Whoever hears of the run can find it, then; and before its limits, which could be too narrow for that.
  ShowRun(request.variables, request.time, the_host.options.shown, the_host.options.room);
  const char* failed = ApplyLimits(request.limits);
  if (failed != nullptr) RefuseFor("cannot apply its limits:", failed);
  // From here on it is a run, and nobody's fork.
  Answer({"S", request.ticket, the_fork.pid});
  close(the_host.options.channel);
  // Not before, so that it does not share a processor with the making of the next.
  HaveAnother();
  serving = {request.script.data(), the_fork.script};
  std::string_view runner;
  std::string_view arguments = request.arguments;
  TakeText(arguments, runner);
  FillPython(the_host.objects, request.variables, arguments, assignments);
}

long Serve(long modules, UcbServing& serving) {
  // Now: the system may give each session its share of the processors, and a host has but one.
  setsid();
  if (the_host.options.stands_back != 0) {
    const sched_param usual{};
    sched_setscheduler(0, SCHED_OTHER, &usual);
  }
  close(the_host.options.inner);
  the_fork.pid = Text(getpid(), the_fork.pid_text);
  TakeRequest();
  Request& request = the_fork.request;
  if (the_fork.script == -1) the_fork.script = open(request.script.data(), O_RDONLY | O_CLOEXEC);
  if (the_fork.script == -1) RefuseFor("cannot open", request.script);
  const KnownScripts::Script* script = the_host.scripts.Find(request.script, the_fork.script, modules);
  if (script != nullptr) {
    the_fork.index = script->index;
    the_fork.use = static_cast<UcbUse>(script->use);
    if (the_fork.use != kUcbNot) {
      Begin(serving, script->assignments);
      return script->index;
    }
  }
  serving = {request.script.data(), the_fork.script};
  return kUcbUnknown;
}

Identity IdentityOf(const std::uint64_t* numbers) {
  return {numbers[0], numbers[1], numbers[2], numbers[3], numbers[4]};
}

}  // namespace
}  // namespace ucb::host

using ucb::host::the_host;

const char* ucb_host_open(const UcbHostOptions* options) {
#if !defined(__x86_64__) && !defined(__aarch64__)
  return "processes of this machine cannot be forked for somebody else";
#endif
  the_host.options = *options;
  the_host.runner = options->runner;
  the_host.missing = options->spare;
  the_host.objects = {options->variables, options->arguments, options->module, nullptr, nullptr, options->last};
  if (options->variables != nullptr && !ucb::host::LoadPython()) {
    return "the interpreter lacks functions of its interface";
  }
  // The C library knows the thread's id from its memory, where the kernel shall write the child's.
  if (prctl(PR_GET_TID_ADDRESS, &the_host.thread_id, 0, 0, 0) != 0) {
    return "the kernel does not tell where the C library keeps the thread's id";
  }
  return nullptr;
}

int ucb_host_know(const char* path, long index, UcbUse use, long modules, const std::uint64_t* file,
                  const std::uint64_t* folder, void* assignments) {
  ucb::host::KnownScripts::Script script;
  script.file = ucb::host::IdentityOf(file);
  script.folder = ucb::host::IdentityOf(folder);
  script.modules = modules;
  script.index = index;
  script.use = use;
  script.assignments = assignments;
  return the_host.scripts.Remember(path, script) ? 1 : 0;
}

void ucb_host_assign(void* thread, void* assignments) {
  the_host.objects.thread = thread;
  the_host.objects.assignments = assignments;
}

void ucb_host_remember(const UcbKnown* known) {
  the_host.known = *known;
}

void ucb_host_leave(int status) {
  ucb::host::LeavePython(the_host.known, status);
}

void ucb_host_forget() {
  the_host.scripts.Clear();
}

long ucb_host_serve(long modules, UcbServing* serving) {
  using namespace ucb::host;
  const UcbHostOptions& options = the_host.options;
  for (;;) {
    for (; the_host.missing > 0; the_host.missing--) {
      if (options.before != nullptr) options.before();
      const pid_t pid = Clone();
      if (pid == 0) {
        if (options.in_child != nullptr) options.in_child();
        return Serve(modules, *serving);
      }
      const int error = errno;
      if (options.in_parent != nullptr) options.in_parent();
      if (pid == -1) {
        Answer({"E", std::strerror(error)});
        _exit(1);
      }
      std::array<char, 16> text{};
      Answer({"P", Text(pid, text)});
    }
    std::array<pollfd, 2> watched{{{options.channel, POLLRDHUP, 0}, {options.inner, POLLIN, 0}}};
    if (poll(watched.data(), watched.size(), -1) == -1) continue;
    if (watched[0].revents != 0) _exit(0);
    Descriptors descriptors;
    const ssize_t size = Receive(options.inner, the_packet.data(), kLongestPacket, descriptors);
    if (size <= 0) continue;
    the_host.missing++;
    const std::string_view path(the_packet.data(), static_cast<std::size_t>(size));
    if (path == kTaken || descriptors[0] == -1) continue;
    the_packet[path.size()] = '\0';
    // Several forks may have told of it.
    if (the_host.scripts.Find(path, descriptors[0], modules) != nullptr) {
      close(descriptors[0]);
      continue;
    }
    *serving = {path.data(), descriptors[0]};
    return kUcbLearn;
  }
}

void ucb_host_begin(UcbServing* serving, void* assignments) {
  ucb::host::Begin(*serving, assignments);
}

void ucb_host_refuse(const char* reason) {
  ucb::host::Refuse(reason);
}
