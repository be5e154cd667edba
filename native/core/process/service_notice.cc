#include "core/process/service_notice.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

#include "core/base/unique_fd.h"

namespace ucb {

Status NotifyService(const std::string& address, const std::string& text) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  if (address.size() < 2 || address.size() > sizeof name.sun_path - 1) {
    return Error::System("sendto", EINVAL, address);
  }
  std::memcpy(name.sun_path, address.data(), address.size());
  if (address.front() == '@') name.sun_path[0] = '\0';
  const UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd) return Error::System("socket", errno, address);
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size());
  const auto* const target = reinterpret_cast<const sockaddr*>(&name);
  if (::sendto(fd.get(), text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL, target, size) < 0) {
    return Error::System("sendto", errno, address);
  }
  return Unit{};
}

}  // namespace ucb
