// Acting in another network namespace for the length of a call; addresses of sockets.
#pragma once

#include <sched.h>
#include <sys/socket.h>

#include <string>

#include "core/sys_process.h"
#include "ops/context.h"

namespace tspod::ops {

/** A socket address and its size. */
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

/** Of an address of IPv4 or IPv6. EINVAL for what is none, and for port 0. */
Result<SocketAddress> socket_address(const std::string& text, uint32_t port);

/**
 * Comes back to a network namespace. If the kernel has no memory for that, it is tried again for a second:
 * what follows would be done in the other one.
 */
Result<void> come_back(const UniqueFd& home);

/** Calls `act` in the network namespace of the slot (NONE: where the caller is), and comes back, whatever
 * `act` returns. */
template <typename Act> auto in_network(Context& context, int32_t slot, Act&& act) -> decltype(act()) {
  if (slot == plan::kNone) return act();
  const UniqueFd home = TRY(context.proc.open_namespace("thread-self", "net"));
  TRY(sys::setns(TRY(context.slots.get(slot)), CLONE_NEWNET));
  auto result = act();
  TRY(come_back(home));
  return result;
}

}  // namespace tspod::ops
