#include "host/packets.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace ucb::host {
namespace {

constexpr std::size_t kMostParts = 8;

// Room for descriptors, as the system wants it aligned.
union Control {
  cmsghdr header;
  char bytes[CMSG_SPACE(sizeof(Descriptors))];
};

}  // namespace

bool Send(int socket, std::initializer_list<std::string_view> parts, int descriptor) {
  static constexpr char kNul = '\0';
  std::array<iovec, 2 * kMostParts> pieces;
  std::size_t count = 0;
  for (const std::string_view part : parts) {
    if (count + 2 > pieces.size()) return false;
    if (count > 0) pieces[count++] = {const_cast<char*>(&kNul), 1};
    pieces[count++] = {const_cast<char*>(part.data()), part.size()};
  }
  msghdr message{};
  message.msg_iov = pieces.data();
  message.msg_iovlen = count;
  Control control{};
  if (descriptor != -1) {
    control.header.cmsg_len = CMSG_LEN(sizeof(int));
    control.header.cmsg_level = SOL_SOCKET;
    control.header.cmsg_type = SCM_RIGHTS;
    std::memcpy(CMSG_DATA(&control.header), &descriptor, sizeof descriptor);
    message.msg_control = control.bytes;
    message.msg_controllen = CMSG_SPACE(sizeof(int));
  }
  ssize_t sent = 0;
  do {
    sent = sendmsg(socket, &message, MSG_NOSIGNAL);
  } while (sent == -1 && errno == EINTR);
  return sent != -1;
}

ssize_t Receive(int socket, char* buffer, std::size_t size, Descriptors& descriptors) {
  descriptors.fill(-1);
  iovec piece{buffer, size};
  Control control{};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  ssize_t received = 0;
  do {
    message.msg_control = control.bytes;
    message.msg_controllen = sizeof control.bytes;
    received = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  } while (received == -1 && errno == EINTR);
  if (received <= 0) return received;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    std::memcpy(descriptors.data(), CMSG_DATA(header), header->cmsg_len - CMSG_LEN(0));
  }
  return received;
}

char* ReadAll(int descriptor, std::size_t& size) {
  size = 0;
  struct stat status {};
  if (fstat(descriptor, &status) != 0) return nullptr;
  const auto wanted = static_cast<std::size_t>(status.st_size);
  char* data = static_cast<char*>(std::malloc(wanted + 1));
  if (data == nullptr) return nullptr;
  std::size_t done = 0;
  while (done < wanted) {
    const ssize_t part = pread(descriptor, data + done, wanted - done, static_cast<off_t>(done));
    if (part == -1 && errno == EINTR) continue;
    if (part <= 0) {
      std::free(data);
      return nullptr;
    }
    done += static_cast<std::size_t>(part);
  }
  data[done] = '\0';
  size = done;
  return data;
}

}  // namespace ucb::host
