// The messages of a netlink datagram (netlink(7)).
#pragma once

#include <linux/netlink.h>

#include <optional>

#include "core/wire.h"

namespace tspod::netlink {

struct Message {
  nlmsghdr header{};
  wire::Bytes body;
};

/** Takes the first message off a datagram; none where what is left is no whole one. */
std::optional<Message> take_message(wire::Bytes& datagram);

/** Whether the messages in a datagram include the one that ends an answer. */
bool ends_answer(wire::Bytes datagram);

}  // namespace tspod::netlink
