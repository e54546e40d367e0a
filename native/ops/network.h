// Calls functions in another network namespace; makes socket addresses.
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

/**
 * Returns the socket address for an IPv4 or IPv6 address and a port. EINVAL for other text, and for port 0.
 */
Result<SocketAddress> socket_address(const std::string& text, uint32_t port);

/**
 * Returns the thread to its network namespace. On ENOMEM this is repeated for a second: everything that
 * follows would happen in the wrong namespace.
 */
Result<void> return_to_network(const UniqueFd& home);

/**
 * Calls `act` in the network namespace of the slot (kNone: in the caller's), and returns to the caller's,
 * whatever `act` returns.
 */
template <typename Act> auto in_network(Context& context, int32_t slot, Act&& act) -> decltype(act()) {
  if (slot == plan::kNone) return act();
  const UniqueFd home = TRY(context.proc.open_namespace("thread-self", "net"));
  TRY(sys::setns(TRY(context.slots.get(slot)), CLONE_NEWNET));
  auto result = act();
  TRY(return_to_network(home));
  return result;
}

}  // namespace tspod::ops
