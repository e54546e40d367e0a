#include "monitor/forwarding.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <utility>

#include "core/sys_event.h"
#include "ops/network.h"

namespace tspod {
namespace {

/** Capacity of a pipe, unless somebody has set another. */
constexpr size_t kPipeBytes = 64 * 1024;
/** Number of pieces moved for one connection before others have their turn. */
constexpr int kPieces = 8;
/** Number of ends of a connection, each of which has an id of its own. */
constexpr uint32_t kEnds = 2;
constexpr uint32_t kBroken = EPOLLHUP | EPOLLERR;

/**
 * Whether a connection was made to ::1. A socket that listens on all of the host's addresses also gets
 * others, which are the firewall's to forward.
 */
bool is_to_loopback(int socket) {
  sockaddr_in6 local{};
  socklen_t size = sizeof local;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&local), &size) == -1) return false;
  return local.sin6_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&local.sin6_addr);
}

/** Turns Nagle's algorithm off: small pieces are sent at once. */
void send_at_once(int socket) {
  const int on = 1;
  (void)::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // else only slower
}

/**
 * Allows the port to be bound again while the kernel still remembers the closed connection, so that the next
 * container can have it.
 */
void leave_port_free(int socket) {
  const int on = 1;
  (void)::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);  // else busy for a minute
}

/** Sets whether closing the socket breaks the connection (RST) or ends it in order. */
void break_at_close(int socket, bool breaks) {
  const linger how{.l_onoff = breaks ? 1 : 0, .l_linger = 0};
  (void)::setsockopt(socket, SOL_SOCKET, SO_LINGER, &how, sizeof how);
}

Result<UniqueFd> begin_connection(const std::string& target, uint32_t port) {
  const ops::SocketAddress address = TRY(ops::socket_address(target, port));
  UniqueFd socket = TRY(sys::check_fd(
      ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP),
      "socket"));
  // Connecting to a container that takes no more connections is given up after some 15 seconds, not two
  // minutes.
  const int tries = 3;
  (void)::setsockopt(socket.get(), IPPROTO_TCP, TCP_SYNCNT, &tries, sizeof tries);
  const int begun = sys::retry([&] {
    return ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.size);
  });
  if (begun == -1 && errno != EINPROGRESS) return last_error("connect", target);
  send_at_once(socket.get());
  return socket;
}

/** Begins a connection to the next target that can be tried; false if none is left. */
bool try_next(Forward& forward) {
  while (!forward.targets.empty()) {
    const std::string target = std::move(forward.targets.front());
    forward.targets.erase(forward.targets.begin());
    Result<UniqueFd> begun = begin_connection(target, forward.port);
    if (!begun) continue;
    forward.far = std::move(*begun);
    forward.far_watch.fd = forward.far.get();
    return true;
  }
  return false;
}

int error_of(int socket) {
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) == -1) return errno;
  return error;
}

/** Returns the number of bytes moved; -EAGAIN if there is nothing to move, or no room. */
ssize_t move_bytes(int from, int to, size_t count) {
  const ssize_t moved = sys::retry(
      [&] { return ::splice(from, nullptr, to, nullptr, count, SPLICE_F_MOVE | SPLICE_F_NONBLOCK); });
  return moved == -1 ? -errno : moved;
}

/**
 * Moves the byte of urgent data, which splice(2) does not pass, as an ordinary byte. The pipe must be empty.
 */
ssize_t move_urgent(int from, int pipe) {
  const int on = 1;
  (void)::setsockopt(from, SOL_SOCKET, SO_OOBINLINE, &on, sizeof on);  // else the byte is lost
  char byte = 0;
  const ssize_t count = sys::retry([&] { return ::recv(from, &byte, 1, MSG_DONTWAIT); });
  if (count <= 0) return count == -1 ? -errno : 0;
  return sys::retry([&] { return ::write(pipe, &byte, 1); }) == 1 ? 1 : -EIO;
}

/** Moves bytes into the pipe, which must be empty; 0 at the end, -EAGAIN if there is nothing. */
ssize_t take(int from, int pipe) {
  const ssize_t taken = move_bytes(from, pipe, kPipeBytes);
  if (taken != 0 && taken != -EAGAIN) return taken;
  return ::sockatmark(from) == 1 ? move_urgent(from, pipe) : taken;
}

/**
 * Moves the available bytes one way, through the pipe, which is filled only when it is empty. Returns false
 * if the connection is broken.
 */
bool move_flow(Flow& flow, int from, int to) {
  for (int piece = 0; piece < kPieces; ++piece) {
    if (flow.waiting == 0 && !flow.ended) {
      const ssize_t taken = take(from, flow.pipe.write.get());
      if (taken == -EAGAIN) return true;
      if (taken < 0) return false;
      flow.ended = taken == 0;
      flow.waiting = static_cast<size_t>(taken);
    }
    while (flow.waiting > 0) {
      const ssize_t given = move_bytes(flow.pipe.read.get(), to, flow.waiting);
      if (given == -EAGAIN) return true;
      if (given <= 0) return false;
      flow.waiting -= static_cast<size_t>(given);
    }
    if (!flow.ended) continue;
    if (!flow.shut) (void)::shutdown(to, SHUT_WR);  // a broken connection shows in the other flow
    flow.shut = true;
    return true;
  }
  return true;
}

/** Returns the events to wait for at one end. */
uint32_t events_for(const Flow& from_here, const Flow& to_here) {
  const uint32_t readable = from_here.waiting == 0 && !from_here.ended ? kReadable : kNothing;
  // Nothing more is sent here, and what arrives has to wait: a hang-up would be reported again and again.
  if (to_here.shut && readable == kNothing) return kNothing;
  return kBroken | readable | (to_here.waiting > 0 ? kWritable : kNothing);
}

bool is_broken(Forward& forward) {
  return !move_flow(forward.out, forward.near.get(), forward.far.get()) ||
         !move_flow(forward.in, forward.far.get(), forward.near.get());
}

}  // namespace

void Forwarder::watch(std::span<const ops::HeldPort> ports) {
  forget_ended();
  for (; ports_seen_ < ports.size(); ++ports_seen_) {
    const ops::HeldPort& port = ports[ports_seen_];
    if (!port.forwards) continue;
    listeners_.push_back(
        {.source = Source::kForwardPort, .id = static_cast<uint32_t>(ports_seen_), .fd = port.socket.get()});
  }
  const bool takes_more = !paused_ && forwards_.size() < kMaxForwards;
  // A descriptor that cannot be watched for want of memory is tried again before the next wait.
  for (Watch& listener : listeners_) (void)poller_.watch(listener, takes_more ? kReadable : kNothing);
  for (const std::unique_ptr<Forward>& forward : forwards_) watch(*forward);
}

void Forwarder::watch(Forward& forward) {
  const uint32_t near = forward.connected ? events_for(forward.out, forward.in) : kNothing;
  const uint32_t far = forward.connected ? events_for(forward.in, forward.out) : kWritable;
  if (!poller_.watch(forward.near_watch, near) || !poller_.watch(forward.far_watch, far))
    forward.gone = paused_ = true;  // removed after a while at the latest
}

void Forwarder::accept(std::span<const ops::HeldPort> ports, uint32_t number) {
  // The ports may have been closed a moment ago, at the container's end.
  if (number >= ports.size() || forwards_.size() >= kMaxForwards) return;
  const ops::HeldPort& port = ports[number];
  Result<UniqueFd> near = sys::accept(port.socket.get());
  if (!near) {
    paused_ = near.error().err != EAGAIN && near.error().err != ECONNABORTED;
    return;
  }
  leave_port_free(near->get());
  break_at_close(near->get(), true);
  if (!is_to_loopback(near->get())) return;
  auto forward = std::make_unique<Forward>();
  Result<sys::Pipe> out = sys::pipe();
  Result<sys::Pipe> in = sys::pipe();
  if (!out || !in) {
    paused_ = true;
    return;
  }
  forward->out.pipe = std::move(*out);
  forward->in.pipe = std::move(*in);
  forward->id = last_id_++;
  forward->near = std::move(*near);
  forward->targets = port.targets;
  forward->port = port.target_port;
  if (!try_next(*forward)) return;
  send_at_once(forward->near.get());
  forward->near_watch.id = forward->id * kEnds;
  forward->near_watch.fd = forward->near.get();
  forward->far_watch.id = forward->id * kEnds + 1;
  forwards_.push_back(std::move(forward));
}

void Forwarder::serve(const Event& event) {
  for (const std::unique_ptr<Forward>& known : forwards_) {
    Forward& forward = *known;
    if (forward.near_watch.id != event.id && forward.far_watch.id != event.id) continue;
    if (forward.gone) return;
    if (!forward.connected) {
      forward.connected = error_of(forward.far.get()) == 0;
      if (!forward.connected) {
        poller_.unwatch(forward.far_watch);
        forward.gone = !try_next(forward);
        return;
      }
      break_at_close(forward.near.get(), false);
    } else if ((event.events & EPOLLERR) != 0) {
      forward.gone = true;
      return;
    }
    forward.gone = is_broken(forward);
    return;
  }
}

void Forwarder::forget_ended() {
  const size_t before = forwards_.size();
  std::erase_if(forwards_, [&](const std::unique_ptr<Forward>& forward) {
    if (!forward->is_over()) return false;
    poller_.unwatch(forward->near_watch);
    poller_.unwatch(forward->far_watch);
    if (forward->gone) break_at_close(forward->near.get(), true);
    if (forward->gone && forward->far) break_at_close(forward->far.get(), true);
    return true;
  });
  if (forwards_.size() < before) paused_ = false;
}

void Forwarder::close() {
  for (const std::unique_ptr<Forward>& forward : forwards_) forward->gone = true;
  forget_ended();
  for (Watch& listener : listeners_) poller_.unwatch(listener);
  listeners_.clear();
}

}  // namespace tspod
