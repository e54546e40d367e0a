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

/** Takes the first message off a datagram; nullopt if what is left holds no whole message. */
std::optional<Message> take_message(wire::Bytes& datagram);

/** Whether a datagram holds the message that ends an answer. */
bool ends_answer(wire::Bytes datagram);

}  // namespace tspod::netlink
