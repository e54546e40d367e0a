// Forwards connections to published ports on the host's ::1 to the container. The firewall's rules forward
// all others; the kernel cannot route packets of another interface back to ::1.
//
// Bytes on their way are in kernel pipes (splice(2)): they take no memory of the monitor, and never more than
// a pipe holds. All sockets are non-blocking. There are at most kMaxForwards connections; further ones wait
// to be accepted.
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

/** Maximum number of connections; each takes six descriptors. */
inline constexpr size_t kMaxForwards = 64;

/** One direction of a connection. */
struct Flow {
  sys::Pipe pipe;
  size_t waiting = 0;  // bytes in the pipe
  bool ended = false;  // the source sends no more
  bool shut = false;   // the target has been told
};

/** A client's connection, and the monitor's to the container for it. */
struct Forward {
  uint32_t id = 0;
  UniqueFd near;  // the client
  UniqueFd far;   // the container
  Watch near_watch{.source = Source::kForward};
  Watch far_watch{.source = Source::kForward};
  std::vector<std::string> targets;  // not tried yet
  uint32_t port = 0;
  Flow out;  // to the container
  Flow in;   // to the client
  bool connected = false;
  bool gone = false;  // removed before the next wait

  bool is_over() const { return gone || (out.shut && in.shut); }
};

class Forwarder {
 public:
  explicit Forwarder(Poller& poller) : poller_(poller) {}
  Forwarder(const Forwarder&) = delete;
  Forwarder& operator=(const Forwarder&) = delete;

  /** Watches the ports and connections. Call before each wait; `ports` only grows until close(). */
  void watch(std::span<const ops::HeldPort> ports);
  /** Accepts a connection to the port with this number. */
  void accept(std::span<const ops::HeldPort> ports, uint32_t number);
  void serve(const Event& event);
  /** Ends all connections. Call before the ports are closed. */
  void close();

  /**
   * Whether accepting is paused because no descriptor or memory was left for a connection: until one ends, or
   * for a while.
   */
  bool is_paused() const { return paused_; }
  void resume() { paused_ = false; }

 private:
  void forget_ended();
  void watch(Forward& forward);

  Poller& poller_;
  std::vector<Watch> listeners_;
  size_t ports_seen_ = 0;
  std::vector<std::unique_ptr<Forward>> forwards_;
  uint32_t last_id_ = 0;
  bool paused_ = false;
};

}  // namespace tspod
