#include "core/socket.h"

#include <poll.h>
#include <sys/socket.h>

#include <cstring>

#include "core/sys.h"

namespace tspod {
namespace {

/**
 * Moves the descriptors of a received message into `fds` and closes those that do not fit. Returns how many
 * came.
 */
size_t take_fds(msghdr& message, std::span<UniqueFd> fds) {
  size_t count = 0;
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const size_t in_part = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t index = 0; index < in_part; ++index) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(part) + index * sizeof(int), sizeof fd);
      UniqueFd owned(fd);
      if (count < fds.size()) fds[count] = std::move(owned);
      ++count;
    }
  }
  return count;
}

Result<void> wait_until(int socket, short events) {
  pollfd wanted{socket, events, 0};
  return sys::check(sys::retry([&] { return ::poll(&wanted, 1, -1); }), "poll");
}

}  // namespace

Result<SocketPair> packet_pair() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == -1) return last_error("socketpair");
  return SocketPair{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

Result<void> send_packet(int socket, std::string_view bytes, std::span<const int> fds) {
  if (fds.size() > kMaxPacketFds) return Error{"sendmsg", {}, EMSGSIZE};
  iovec part{const_cast<char*>(bytes.data()), bytes.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kMaxPacketFds)];
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (!fds.empty()) {
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(fds.size_bytes());
    cmsghdr* rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(fds.size_bytes());
    std::memcpy(CMSG_DATA(rights), fds.data(), fds.size_bytes());
  }
  return sys::check(sys::retry([&] { return ::sendmsg(socket, &message, MSG_NOSIGNAL); }), "sendmsg");
}

Result<ReceivedPacket> receive_packet(int socket, std::span<char> into, std::span<UniqueFd> fds) {
  iovec part{into.data(), into.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kMaxPacketFds)];
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  const ssize_t size = sys::retry([&] { return ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC); });
  // If the other side closed with packets unread, recvmsg(2) fails once with ECONNRESET: that is its end as
  // well.
  if (size == -1 && errno == ECONNRESET) return ReceivedPacket{};
  if (size == -1) return last_error("recvmsg");
  const size_t fd_count = take_fds(message, fds);
  const bool cut = (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0 || fd_count > fds.size();
  if (cut) return Error{"recvmsg", {}, EMSGSIZE};
  return ReceivedPacket{static_cast<size_t>(size), fd_count};
}

Result<bool> read_exactly(int socket, std::span<char> into) {
  for (size_t done = 0; done < into.size();) {
    Result<size_t> count = sys::read(socket, into.subspan(done));
    if (!count && count.error().err == EAGAIN) {
      TRY(wait_until(socket, POLLIN));
      continue;
    }
    if (!count) return count.error();
    if (*count == 0 && done == 0) return false;
    if (*count == 0) return Error{"read", {}, ECONNRESET};
    done += *count;
  }
  return true;
}

Result<void> send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count =
        sys::retry([&] { return ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL); });
    if (count >= 0) {
      bytes.remove_prefix(static_cast<size_t>(count));
      continue;
    }
    if (errno != EAGAIN) return last_error("send");
    TRY(wait_until(socket, POLLOUT));
  }
  return {};
}

}  // namespace tspod
