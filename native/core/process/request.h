#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "core/process/string_list.h"
#include "core/process/trusted_file.h"

namespace ucb {

using Milliseconds = std::chrono::duration<double, std::milli>;

// What a process may use. A limit that the launching process itself is below has no effect.
struct ProcessLimits {
  int nice = 0;                            // 0 to 19: how far it stands back behind the launching process
  std::optional<std::uint64_t> memory;     // bytes of address space
  std::optional<std::uint64_t> files;      // open at once
  std::optional<std::uint64_t> file_size;  // bytes of each file it writes to

  bool Any() const { return nice != 0 || memory || files || file_size; }
};

// What to start. It is given to the system as it is: nothing is looked up in PATH, nothing passes through a shell.
struct LaunchRequest {
  std::uint64_t ticket = 0;            // names the run in messages and signals; each is higher than all before
  std::uint64_t host = 0;              // the warm interpreter that shall begin it if it can; 0 is none
  std::string file;                    // absolute
  StringList argv;                     // at least one
  StringList env;                      // KEY=value: the whole environment
  std::string cwd;                     // absolute
  std::optional<std::string> payload;  // what stdin holds; none gives /dev/null
  std::optional<std::string> output;   // absolute; receives stdout and stderr; none gives /dev/null
  Milliseconds timeout{0};             // TERM to the process group after this long; 0 is never
  Milliseconds kill_after{5000};       // KILL to the process group this long after TERM
  Milliseconds slow_after{0};          // a kSlow message after this long; 0 is never
  ProcessLimits limits;
  bool awaited = true;                // whether somebody waits for kStarted; else it comes with what is told next
  bool identified = true;             // whether kStarted tells its start_ticks, which takes a look into /proc
  std::optional<TrustedFile> script;  // what it is to run, if that must still be trusted when it begins
};

// A process to wait for that an earlier process started, in the same way: it leads a session. Its pid and its start
// name it, whatever has become of the pid since.
struct AdoptRequest {
  std::uint64_t ticket = 0;
  pid_t pid = 0;
  std::uint64_t start_ticks = 0;
  std::int64_t started_at_ms = 0;  // Unix milliseconds: what the spans count from
  Milliseconds timeout{0};
  Milliseconds kill_after{5000};
  Milliseconds slow_after{0};
};

// One run's part of a job's log.
struct LogBlock {
  std::string log;  // absolute; created with its folders
  std::string header;
  std::optional<std::string> body_file;  // its content follows the header; unlinked once the block is in the log
  std::string body;                      // follows the file's content
  std::string trailer;
};

}  // namespace ucb
