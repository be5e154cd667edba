#pragma once

#include <atomic>
#include <cstddef>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/process/request.h"

namespace ucb {

// Appends blocks to logs, whole or not at all, for one thread.
class LogBlockWriter {
 public:
  // Once `cancelled` is true, a block being appended is taken back.
  explicit LogBlockWriter(const std::atomic<bool>& cancelled) : cancelled_(cancelled) {}

  // Appends the block while holding the log's lock. Says false, with nothing done, if another holds it. On an error
  // the log is as before, as far as the system allows, and the body file is kept; only an error of `unlink` comes
  // after the block was written. Of a body file that still grows, what it holds at the beginning is taken.
  Result<bool> Append(const LogBlock& block);

 private:
  Status Write(int log, const LogBlock& block, int body_file, off_t body_size);
  Status Add(const std::string& path, int log, std::string_view bytes);
  Status AddFile(const LogBlock& block, int log, int body_file, off_t size);
  Status Flush(const std::string& path, int log);

  const std::atomic<bool>& cancelled_;
  std::vector<char> buffer_;  // a block that fits goes out in one call
  std::size_t used_ = 0;
  off_t written_ = 0;
};

}  // namespace ucb
