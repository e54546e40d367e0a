#include "monitor/poller.h"

namespace tspod {

Result<Poller> Poller::make() {
  Poller poller;
  poller.epoll_ = TRY(sys::epoll_create());
  return poller;
}

Result<void> Poller::watch(Watch& watch, uint32_t events) {
  if (events == watch.armed) return {};
  const int operation = events == kNothing ? EPOLL_CTL_DEL : watch.armed == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  epoll_event event{};
  event.events = events;
  event.data.u64 = uint64_t{static_cast<uint32_t>(watch.source)} << 32 | watch.id;
  Result<void> changed = sys::epoll_ctl(epoll_.get(), operation, watch.fd, event);
  if (changed || events == kNothing) watch.armed = events;
  has_failed_ = has_failed_ || !changed;
  return changed;
}

Event Poller::unpack(const epoll_event& event) {
  return Event{static_cast<Source>(event.data.u64 >> 32), static_cast<uint32_t>(event.data.u64),
               event.events};
}

}  // namespace tspod
