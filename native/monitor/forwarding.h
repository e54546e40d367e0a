// Connections to published ports on the host's ::1, handed on to the container. The rules of the firewall
// lead all other connections there; the kernel has no way back to ::1 for packets of another interface.
//
// What is on its way lies in pipes of the kernel (splice(2)): no memory of ours, and no more of it than a
// pipe holds. All sockets are non-blocking; there are at most kMaxForwards connections, others wait to be
// accepted.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/sys.h"
#include "core/unique_fd.h"
#include "monitor/poller.h"
#include "ops/context.h"

namespace tspod {

/** Each has six descriptors. */
inline constexpr size_t kMaxForwards = 64;

/** What goes one way. */
struct Flow {
  sys::Pipe pipe;
  size_t waiting = 0;  // bytes in the pipe
  bool ended = false;  // the source sends no more
  bool shut = false;   // the target knows that
};

/** One connection, and ours to the container for it. */
struct Forward {
  uint32_t id = 0;
  UniqueFd near;  // the client
  UniqueFd far;   // the container
  Watch near_watch{.source = Source::kForward};
  Watch far_watch{.source = Source::kForward};
  std::vector<std::string> targets;  // that are left to try
  uint32_t port = 0;
  Flow out;  // to the container
  Flow in;   // to the client
  bool connected = false;
  bool gone = false;  // forgotten before the next wait

  bool is_over() const { return gone || (out.shut && in.shut); }
};

class Forwarder {
 public:
  explicit Forwarder(Poller& poller) : poller_(poller) {}
  Forwarder(const Forwarder&) = delete;
  Forwarder& operator=(const Forwarder&) = delete;

  /** Before each wait. `ports` only grows until close(). */
  void watch(std::span<const ops::HeldPort> ports);
  /** Somebody connects to the port with this number. */
  void accept(std::span<const ops::HeldPort> ports, uint32_t number);
  void serve(const Event& event);
  /** Before the ports are closed. */
  void close();

  /** No descriptor or memory was left for a connection: until one ends, or a while. */
  bool rests() const { return rests_; }
  void wake() { rests_ = false; }

 private:
  void forget_ended();
  void watch(Forward& forward);

  Poller& poller_;
  std::vector<Watch> listeners_;
  size_t ports_seen_ = 0;
  std::vector<std::unique_ptr<Forward>> forwards_;
  uint32_t last_id_ = 0;
  bool rests_ = false;
};

}  // namespace tspod
