// Waits for the events of the monitor's loop.
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

/** A descriptor and the events it is watched for. Its owner unwatches it before closing the descriptor. */
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
   * Reports these events (EPOLL* bits) from now on. With kNothing not even a hang-up is reported, unlike with
   * epoll itself.
   */
  Result<void> watch(Watch& watch, uint32_t events);
  void unwatch(Watch& watch) { (void)this->watch(watch, kNothing); /* only an addition can fail */ }

  /**
   * Waits for events and calls `handle(Event)` for each. Returns false if there were none within `timeout_ms`
   * (-1: no limit), or within kRetryMs if a watch() has failed since the last wait: nothing else would wake
   * the loop to try that again.
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
