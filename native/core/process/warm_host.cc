#include "core/process/warm_host.h"

#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <utility>
#include <vector>

#include "core/process/descriptor.h"
#include "core/process/files.h"
#include "core/process/message.h"
#include "core/process/spawn_settings.h"

namespace ucb {
namespace {

// What a host may have to do at once: more would wait in the socket, where nobody can take it back.
constexpr std::size_t kMostAsked = 16;
// Longer requests travel in a file: so many of these always fit into a socket.
constexpr std::size_t kLongestPacket = 8192;
constexpr std::size_t kLongestAnswer = 16384;
// A host has its modules to load; a run is begun within milliseconds.
constexpr std::chrono::seconds kPatience{30};
constexpr int kChannel = 3;

template <typename Number>
std::optional<Number> ToNumber(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// Takes what stands before the next NUL, or all.
std::string_view Next(std::string_view& text) {
  const std::size_t end = std::min(text.find('\0'), text.size());
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

std::string LimitsText(const ProcessLimits& limits) {
  if (!limits.Any()) return {};
  std::string text = std::to_string(limits.nice);
  for (const auto& limit : {limits.memory, limits.files, limits.file_size}) {
    text += ' ';
    text += limit ? std::to_string(*limit) : "-";
  }
  return text;
}

std::string Body(const LaunchRequest& request) {
  std::string body = std::to_string(request.argv.Count());
  body.push_back('\0');
  body += LimitsText(request.limits);
  body.push_back('\0');
  body += std::to_string(Message::UnixMilliseconds());
  body.push_back('\0');
  body += request.cwd;
  body.push_back('\0');
  body += request.argv.bytes();
  body += request.env.bytes();
  return body;
}

bool SendPacket(int channel, std::string_view packet, const std::vector<int>& descriptors) {
  iovec part{const_cast<char*>(packet.data()), packet.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(4 * sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (!descriptors.empty()) {
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(descriptors.size() * sizeof(int));
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(descriptors.size() * sizeof(int));
    std::memcpy(CMSG_DATA(header), descriptors.data(), descriptors.size() * sizeof(int));
  }
  ssize_t sent = 0;
  do {
    sent = ::sendmsg(channel, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent >= 0;
}

}  // namespace

std::optional<HostAnswer> HostAnswer::Parse(std::string_view packet) {
  HostAnswer answer;
  const std::string_view word = Next(packet);
  if (word == "R") return answer;
  if (word == "E") {
    answer.kind = Kind::kRefused;
    answer.reason = std::string(packet);
    return answer;
  }
  if (word == "S" || word == "C") {
    const std::optional<std::uint64_t> ticket = ToNumber<std::uint64_t>(Next(packet));
    if (!ticket) return std::nullopt;
    answer.ticket = *ticket;
    answer.kind = word == "S" ? Kind::kStarted : Kind::kCold;
  } else if (word == "P" || word == "X") {
    answer.kind = word == "P" ? Kind::kForked : Kind::kLeaves;
  } else {
    return std::nullopt;
  }
  const std::optional<pid_t> pid = ToNumber<pid_t>(Next(packet));
  if (!pid || *pid <= 0) return std::nullopt;
  answer.pid = *pid;
  if (answer.kind == Kind::kCold) answer.reason = std::string(packet);
  return answer;
}

Result<WarmHost> WarmHost::Start(const platform::Capabilities& capabilities, int null_fd, HostRequest& request) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return Error::System("socketpair", errno, request.file);
  }
  WarmHost host;
  host.ticket_ = request.ticket;
  host.channel_.Reset(ends[0]);
  Result<UniqueFd> theirs = AtLeast(UniqueFd(ends[1]), kChannel + 1);
  if (!theirs) return theirs.error();
  Result<UniqueFd> messages = platform::AnonymousFile({});
  if (messages) messages = AtLeast(std::move(messages.value()), kChannel + 1);
  if (!messages) return messages.error();
  host.messages_ = std::move(messages.value());

  SpawnActions actions;
  actions.Duplicate(null_fd, STDIN_FILENO);
  actions.Duplicate(null_fd, STDOUT_FILENO);
  actions.Duplicate(host.messages_.get(), STDERR_FILENO);
  if (capabilities.add_close_from == nullptr) {
    for (const int fd : platform::InheritedDescriptors()) actions.Close(fd);
  }
  actions.Duplicate(theirs.value().get(), kChannel);
  if (capabilities.add_close_from != nullptr) actions.Call(capabilities.add_close_from, kChannel + 1);
  if (actions.error() != 0) return Error::System("posix_spawn_file_actions_init", actions.error(), request.file);

  std::vector<char*> pointers;
  request.argv.AppendPointers(pointers);
  pointers.push_back(nullptr);
  const std::size_t environment = pointers.size();
  request.env.AppendPointers(pointers);
  pointers.push_back(nullptr);
  const SpawnAttributes attributes;
  const int error = ::posix_spawn(&host.pid_, request.file.c_str(), actions.get(), attributes.get(), pointers.data(),
                                  pointers.data() + environment);
  if (error != 0) return Error::System("posix_spawn", error, request.file);
  host.heard_at_ = platform::Clock::now();
  return host;
}

bool WarmHost::MayBeAsked() const {
  return !over_ && !leaves_ && asked_.size() < kMostAsked;
}

WarmHost::Sent WarmHost::Ask(LaunchRequest& request) {
  if (!MayBeAsked()) return Sent::kLater;
  std::vector<UniqueFd> files;
  std::string letters;
  const auto take = [&](char letter, Result<UniqueFd> file) {
    if (!file) return false;
    files.push_back(std::move(file.value()));
    letters.push_back(letter);
    return true;
  };
  if (request.payload && !take('i', platform::AnonymousFile(*request.payload))) return Sent::kImpossible;
  if (request.script && !take('s', OpenTrusted(*request.script))) return Sent::kImpossible;
  if (request.output && !take('o', OpenForAppend(*request.output))) return Sent::kImpossible;
  std::string body = Body(request);
  if (body.size() > kLongestPacket) {
    if (!take('p', platform::AnonymousFile(body))) return Sent::kImpossible;
    body.clear();
  }
  std::string packet = std::to_string(request.ticket);
  packet.push_back('\0');
  packet += letters;
  packet.push_back('\0');
  packet += body;
  std::vector<int> descriptors;
  descriptors.reserve(files.size());
  for (const UniqueFd& file : files) descriptors.push_back(file.get());
  if (!SendPacket(channel_.get(), packet, descriptors)) {
    // A full socket empties, and a closed one is found out by whoever reads; all else is no matter of time.
    const bool is_gone = errno == EPIPE || errno == ECONNRESET;
    return is_gone || (errno == EAGAIN && !asked_.empty()) ? Sent::kLater : Sent::kImpossible;
  }
  const TimePoint now = platform::Clock::now();
  if (asked_.empty() && ready_) heard_at_ = now;
  const std::uint64_t ticket = request.ticket;
  asked_.insert_or_assign(ticket, Asked{std::move(request), now});
  return Sent::kYes;
}

std::optional<HostAnswer> WarmHost::Answer() {
  std::array<char, kLongestAnswer> packet;
  while (!over_) {
    const ssize_t size = ::recv(channel_.get(), packet.data(), packet.size(), MSG_DONTWAIT);
    // The other end was closed with requests unread: told once, and before the answers that were sent until then.
    if (size < 0 && (errno == EINTR || errno == ECONNRESET)) continue;
    if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return std::nullopt;
    if (size <= 0) {
      over_ = true;
      return std::nullopt;
    }
    heard_at_ = platform::Clock::now();
    std::optional<HostAnswer> answer =
        HostAnswer::Parse(std::string_view(packet.data(), static_cast<std::size_t>(size)));
    if (answer && answer->kind == HostAnswer::Kind::kRefused) reason_ = answer->reason;
    if (answer) return answer;
  }
  return std::nullopt;
}

std::optional<WarmHost::Asked> WarmHost::Take(std::uint64_t ticket) {
  const auto found = asked_.find(ticket);
  if (found == asked_.end()) return std::nullopt;
  Asked asked = std::move(found->second);
  asked_.erase(found);
  return asked;
}

bool WarmHost::Park(pid_t pid) {
  return ahead_.erase(pid) == 0 && parked_.insert(pid).second;
}

bool WarmHost::Unpark(pid_t pid) {
  if (parked_.erase(pid) != 0) return true;
  ahead_.insert(pid);
  return false;
}

std::vector<pid_t> WarmHost::UnparkAll() {
  std::vector<pid_t> all(parked_.begin(), parked_.end());
  parked_.clear();
  return all;
}

void WarmHost::EndFork(pid_t pid) {
  // It is about to end; but nothing shall be waited for that somebody may have stopped.
  ::kill(pid, SIGKILL);
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) continue;
}

std::deque<WarmHost::Asked> WarmHost::TakeAll() {
  std::deque<Asked> all;
  for (auto& [ticket, asked] : asked_) all.push_back(std::move(asked));
  asked_.clear();
  std::sort(all.begin(), all.end(),
            [](const Asked& one, const Asked& other) { return one.request.ticket < other.request.ticket; });
  return all;
}

std::optional<WarmHost::TimePoint> WarmHost::patience_ends() const {
  if (!leaves_ && ready_ && asked_.empty()) return std::nullopt;
  return heard_at_ + kPatience;
}

void WarmHost::Leave() {
  heard_at_ = platform::Clock::now();
  if (std::exchange(leaves_, true)) return;
  // What is in there already is read before the end.
  ::shutdown(channel_.get(), SHUT_WR);
}

bool WarmHost::GiveUp(std::string reason) {
  if (reason_.empty()) reason_ = std::move(reason);
  Leave();
  return !std::exchange(given_up_, true);
}

std::string WarmHost::reason() const {
  if (!reason_.empty()) return reason_;
  if (ready_) return "the warm interpreter has ended";
  std::array<char, 2000> text{};
  const off_t size = ::lseek(messages_.get(), 0, SEEK_END);
  const off_t from = std::max<off_t>(0, size - static_cast<off_t>(text.size()));
  const ssize_t count = ::pread(messages_.get(), text.data(), text.size(), from);
  std::string said(text.data(), static_cast<std::size_t>(std::max<ssize_t>(0, count)));
  while (!said.empty() && (said.back() == '\n' || said.back() == ' ')) said.pop_back();
  return "the warm interpreter did not start" + (said.empty() ? "" : ": " + said);
}

}  // namespace ucb
