#pragma once

#include <cstddef>
#include <string_view>

namespace ucb::host {

// Makes NAME=value texts, each followed by a NUL, the variables of this process, all at once and where they lie. Leaves
// out what only a run that is no fork needs, and says what is left. Empty if there is no memory.
std::string_view ReplaceEnvironment(char* variables, std::size_t size);

// Lets the system show what the run is, where it shows what a process was started with; and since when, in Unix
// milliseconds, as a fork is older than its run. Does nothing where the room does not suffice.
void ShowRun(std::string_view variables, std::string_view time, char* place, std::size_t room);

}  // namespace ucb::host
