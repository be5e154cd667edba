#pragma once

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <initializer_list>
#include <string_view>

namespace ucb::host {

// Descriptors that came along, in order; -1 behind the last.
using Descriptors = std::array<int, 4>;

// Sends the parts with a NUL between each two, and a descriptor along if it is not -1. False if it cannot be sent.
bool Send(int socket, std::initializer_list<std::string_view> parts, int descriptor = -1);

// Waits for a packet and takes as much of it as fits. The count of its bytes: 0 at the end of the channel, -1 if it
// fails.
ssize_t Receive(int socket, char* buffer, std::size_t size, Descriptors& descriptors);

// All that is in a file, behind which a NUL is; allocated. Null with nothing in `size` if it cannot be had.
char* ReadAll(int descriptor, std::size_t& size);

}  // namespace ucb::host
