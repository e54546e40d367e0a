#include "core/sys_event.h"

#include <fcntl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <ctime>

#include "core/sys.h"

namespace tspod::sys {

Result<UniqueFd> epoll_create() {
  return check_fd(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
}

Result<void> epoll_ctl(int epoll, int operation, int fd, epoll_event event) {
  return check(::epoll_ctl(epoll, operation, fd, &event), "epoll_ctl");
}

Result<std::span<epoll_event>> epoll_wait(int epoll, std::span<epoll_event> into, int timeout_ms) {
  const int size = static_cast<int>(into.size());
  const int count = ::epoll_wait(epoll, into.data(), size, timeout_ms);
  if (count == -1 && errno == EINTR) return into.first(0);
  if (count == -1) return last_error("epoll_wait");
  return into.first(static_cast<size_t>(count));
}

Result<UniqueFd> signalfd(const sigset_t& signals) {
  return check_fd(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK), "signalfd");
}

Result<UniqueFd> timerfd_create() {
  return check_fd(::timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK), "timerfd_create");
}

Result<void> timerfd_settime(int timer, uint64_t milliseconds) {
  itimerspec once{};
  once.it_value.tv_sec = static_cast<time_t>(milliseconds / 1000);
  once.it_value.tv_nsec = static_cast<long>(milliseconds % 1000 * 1'000'000);
  return check(::timerfd_settime(timer, 0, &once, nullptr), "timerfd_settime");
}

bool take_expiry(int timer) {
  uint64_t expirations = 0;
  return try_read(timer, std::span(reinterpret_cast<char*>(&expirations), sizeof expirations)) > 0;
}

Result<UniqueFd> listen_at(const char* path, int backlog) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (std::strlen(path) >= sizeof address.sun_path) return Error{"bind", path, ENAMETOOLONG};
  std::memcpy(address.sun_path, path, std::strlen(path) + 1);
  const int type = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
  UniqueFd socket = TRY(check_fd(::socket(AF_UNIX, type, 0), "socket"));
  // bind(2) makes the file with the umask in effect: there is no moment at which its mode is wider.
  const mode_t saved = ::umask(0177);
  const Result<void> bound =
      check(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), "bind", path);
  ::umask(saved);
  if (!bound) return bound.error();
  TRY(check(::listen(socket.get(), backlog), "listen", path));
  return socket;
}

Result<UniqueFd> accept(int listener) {
  const auto call = [&] { return ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK); };
  return check_fd(retry(call), "accept4");
}

Result<uid_t> peer_uid(int socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  TRY(check(::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size), "getsockopt"));
  return peer.uid;
}

Result<void> set_nonblocking(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags == -1) return last_error("fcntl");
  return check(::fcntl(fd, F_SETFL, flags | O_NONBLOCK), "fcntl");
}

ssize_t try_read(int fd, std::span<char> into) {
  const ssize_t count = retry([&] { return ::read(fd, into.data(), into.size()); });
  return count == -1 ? -errno : count;
}

uint64_t clock_ns(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

}  // namespace tspod::sys
