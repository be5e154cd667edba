#pragma once

#include <cerrno>
#include <cstddef>
#include <string>
#include <utility>

namespace ucb {

// What went wrong; lib/errors.ts holds the codes people and programs see.
enum class ErrorKind {
  kProgram,   // a compiled trigger program is malformed
  kMemories,  // bytes are not what a job remembers
  kSystem,    // a system call failed
  kClosed,    // the object was stopped before the call
};

struct Error {
  ErrorKind kind = ErrorKind::kSystem;
  std::string message;
  int error_number = 0;    // errno, 0 where no system call failed
  std::string syscall;     // its name
  std::string path;        // the file it was about
  std::size_t offset = 0;  // word of the program, or byte of the memories, that is wrong

  static Error System(const char* syscall, int error_number, std::string path = {}) {
    return Error{ErrorKind::kSystem, {}, error_number, syscall, std::move(path), 0};
  }
  static Error Program(std::string message, std::size_t offset) {
    return Error{ErrorKind::kProgram, std::move(message), 0, {}, {}, offset};
  }
  static Error Memories(std::string message, std::size_t offset) {
    return Error{ErrorKind::kMemories, std::move(message), 0, {}, {}, offset};
  }
};

}  // namespace ucb
