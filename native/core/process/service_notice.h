#pragma once

#include <string>

#include "core/base/result.h"

namespace ucb {

// Tells a service manager something: one datagram to the socket it named, as sd_notify(3) of systemd describes. An
// address that begins with '@' is in the abstract namespace. Never waits.
Status NotifyService(const std::string& address, const std::string& text);

}  // namespace ucb
