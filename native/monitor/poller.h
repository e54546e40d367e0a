// What the monitor's loop waits for.
#pragma once

#include <cstdint>
#include <utility>

#include "core/result.h"
#include "core/sys_event.h"
#include "core/unique_fd.h"

namespace tspod {

/** What an event is about. */
enum class Source : uint32_t {
  kSignals,
  kListener,
  kClient,
  kStdout,
  kStderr,
  kStdin,
  kTimer,
  kCheckTimer,
  kCheckOutput,
  kForwardPort,
  kForward
};

struct Event {
  Source source;
  uint32_t id;      // of a client, a port, or one end of a connection
  uint32_t events;  // EPOLL* bits
};

/** A descriptor's place in a poller. Its owner unwatches it before it closes the descriptor. */
struct Watch {
  Source source;
  uint32_t id = 0;
  int fd = -1;
  uint32_t armed = 0;
};

/** Events to watch for, in the type that epoll has for them. */
inline constexpr uint32_t kNothing = 0;
inline constexpr uint32_t kReadable = EPOLLIN;
inline constexpr uint32_t kWritable = EPOLLOUT;
inline constexpr uint32_t kHungUp = EPOLLRDHUP | EPOLLHUP | EPOLLERR;

class Poller {
 public:
  static constexpr int kRetryMs = 100;

  static Result<Poller> make();

  /**
   * Reports these events (EPOLL* bits) from now on. kNothing is silence: not even a hang-up is reported,
   * unlike with epoll itself.
   */
  Result<void> watch(Watch& watch, uint32_t events);
  void unwatch(Watch& watch) { (void)this->watch(watch, kNothing); /* only an addition can fail */ }

  /**
   * Waits until something happens and calls `handle(Event)` for each. False if nothing did within
   * `timeout_ms` (-1: no limit), or within kRetryMs where something could not be watched since the last wait:
   * nobody else would wake whoever is to try that again.
   */
  template <typename Handle> Result<bool> wait(int timeout_ms, Handle&& handle) {
    epoll_event events[16];
    const bool retries = std::exchange(has_failed_, false) && (timeout_ms < 0 || timeout_ms > kRetryMs);
    const std::span<epoll_event> happened =
        TRY(sys::epoll_wait(epoll_.get(), events, retries ? kRetryMs : timeout_ms));
    for (const epoll_event& event : happened) handle(unpack(event));
    return !happened.empty();
  }

 private:
  static Event unpack(const epoll_event& event);

  UniqueFd epoll_;
  bool has_failed_ = false;
};

}  // namespace tspod
