#pragma once

#include <string>

namespace ucb {

// `ENOENT` and the like; "errno 1234" for a number without a name here.
std::string ErrorName(int error_number);

}  // namespace ucb
