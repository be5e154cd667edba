// Does one thing many times inside the function `Measured`, and only there, so that callgrind can be told to count
// nothing else. Prints how often it did it.
//   program match PROGRAM EVENTS   matches every line of EVENTS with a compiled program, as the addon does
//   program batch PROGRAM EVENTS   matches the lines of EVENTS from bytes, as a batch
//   program remember PROGRAM EVENTS JOBS   matches every line with so many jobs attached, and what it does is
//   remembered program attach COUNT           attaches jobs program launch COUNT           puts launches of /bin/true
//   into a launcher's queue
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/process/launcher.h"
#include "core/trigger/matcher.h"

namespace {

[[noreturn]] void Fail(std::string_view message) {
  std::fprintf(stderr, "%.*s\n", static_cast<int>(message.size()), message.data());
  std::exit(1);
}

std::string ReadFile(const char* path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) Fail("a file cannot be read");
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string_view> LinesOf(std::string_view text) {
  std::vector<std::string_view> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

}  // namespace

extern "C" {

[[gnu::noinline]] std::size_t MeasuredMatch(ucb::trigger::Matcher& matcher, std::span<const std::string_view> events) {
  std::size_t fired = 0;
  for (const std::string_view event : events) {
    const std::ptrdiff_t count = matcher.MatchPadded(event);
    if (count > 0) fired += static_cast<std::size_t>(count);
  }
  return fired;
}

[[gnu::noinline]] std::size_t MeasuredBatch(ucb::trigger::Matcher& matcher, std::string_view text) {
  std::size_t events = 0;
  ucb::trigger::BatchResult result;
  for (std::size_t at = 0; at < text.size(); at = result.next) {
    matcher.MatchBatch(text, at, 512, true, result);
    events += result.events;
  }
  return events;
}

[[gnu::noinline]] void MeasuredAttach(ucb::trigger::Matcher& matcher, std::uint64_t count) {
  for (std::uint64_t job = 1; job <= count; job++) matcher.Attach(job, 0, 0, {});
}

[[gnu::noinline]] void MeasuredLaunch(ucb::Launcher& launcher, std::vector<ucb::LaunchRequest>& requests) {
  for (ucb::LaunchRequest& request : requests) launcher.Launch(std::move(request));
}

}  // extern "C"

namespace {

void Load(ucb::trigger::Matcher& matcher, const char* program_path) {
  const std::string program = ReadFile(program_path);
  if (!matcher.Load(std::as_bytes(std::span(program)))) Fail("the program was refused");
}

std::size_t Match(const char* program_path, const char* events_path, std::uint64_t jobs) {
  std::string text = ReadFile(events_path);
  const std::size_t size = text.size();
  text.append(ucb::trigger::kTextPadding, '\n');
  const std::vector<std::string_view> events = LinesOf(std::string_view(text).substr(0, size));
  ucb::trigger::Matcher matcher;
  Load(matcher, program_path);
  for (std::uint64_t job = 1; job <= jobs; job++) matcher.Attach(job, 0, 0, {});
  const std::size_t fired = MeasuredMatch(matcher, events);
  std::fprintf(stderr, "%zu fired\n", fired);
  return events.size();
}

std::size_t Batch(const char* program_path, const char* events_path) {
  const std::string text = ReadFile(events_path);
  ucb::trigger::Matcher matcher;
  Load(matcher, program_path);
  return MeasuredBatch(matcher, text);
}

std::size_t Attach(std::uint64_t count) {
  ucb::trigger::Matcher matcher;
  MeasuredAttach(matcher, count);
  if (matcher.Stats().attached_jobs != count) Fail("not all jobs were attached");
  return count;
}

std::size_t Launch(std::uint64_t count) {
  auto launcher = ucb::Launcher::Start({}, [] {});
  if (!launcher) Fail("no launcher could be started");
  std::vector<ucb::LaunchRequest> requests(count);
  for (std::uint64_t ticket = 0; ticket < count; ticket++) {
    ucb::LaunchRequest& request = requests[ticket];
    request.ticket = ticket + 1;
    request.file = "/bin/true";
    request.argv = {"/bin/true"};
    request.env = {"PATH=/usr/bin:/bin"};
    request.cwd = "/";
  }
  MeasuredLaunch(*launcher.value(), requests);
  launcher.value()->Stop();
  return count;
}

}  // namespace

int main(int count, char** arguments) {
  const std::string_view mode = count > 2 ? arguments[1] : "";
  std::size_t done = 0;
  if (mode == "match" && count == 4) {
    done = Match(arguments[2], arguments[3], 0);
  } else if (mode == "batch" && count == 4) {
    done = Batch(arguments[2], arguments[3]);
  } else if (mode == "remember" && count == 5) {
    done = Match(arguments[2], arguments[3], std::strtoull(arguments[4], nullptr, 10));
  } else if (mode == "attach" && count == 3) {
    done = Attach(std::strtoull(arguments[2], nullptr, 10));
  } else if (mode == "launch" && count == 3) {
    done = Launch(std::strtoull(arguments[2], nullptr, 10));
  } else {
    Fail(
        "usage: program match PROGRAM EVENTS | batch PROGRAM EVENTS | remember PROGRAM EVENTS JOBS | attach COUNT | "
        "launch COUNT");
  }
  std::printf("%zu\n", done);
  return 0;
}
