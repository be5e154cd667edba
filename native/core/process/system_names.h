#pragma once

#include <string>

namespace ucb {

// `ENOENT` and the like; "errno 1234" for a number without a name here.
std::string ErrorName(int error_number);

// `SIGTERM` and the like, `SIGRTMIN+1` for real-time signals; "signal 1234" for a number that is none.
std::string SignalName(int signal);

}  // namespace ucb
