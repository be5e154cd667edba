#pragma once

#include <cstddef>
#include <string_view>

namespace ucb::host {

// A run that is asked for. Texts lie in the packet, each followed by a NUL, so that they are C strings as well.
struct Request {
  std::string_view ticket;
  std::string_view limits;  // empty, or four words
  std::string_view time;
  std::string_view folder;
  std::string_view arguments;  // each followed by a NUL: those of the runner, which is the first
  std::string_view script;     // the runner's first argument
  std::string_view variables;  // NAME=value, each followed by a NUL
};

// Takes the next text of `rest`, up to a NUL, which is taken as well. False if there is none.
bool TakeText(std::string_view& rest, std::string_view& text);

// Takes apart what is behind a packet's ticket and descriptors: count of arguments, limits, time, directory, arguments,
// variables. Null, or what is wrong.
const char* ParseBody(std::string_view body, std::string_view runner, Request& request);

}  // namespace ucb::host
