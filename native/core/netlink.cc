#include "core/netlink.h"

#include <algorithm>
#include <cstring>

namespace tspod::netlink {

std::optional<Message> take_message(wire::Bytes& datagram) {
  Message message;
  if (datagram.size() < sizeof message.header) return {};
  std::memcpy(&message.header, datagram.data(), sizeof message.header);
  const size_t length = message.header.nlmsg_len;
  if (length < sizeof message.header || length > datagram.size()) return {};
  message.body = datagram.subspan(sizeof message.header, length - sizeof message.header);
  // The last message may come without its padding.
  datagram = datagram.subspan(std::min<size_t>(NLMSG_ALIGN(length), datagram.size()));
  return message;
}

bool ends_answer(wire::Bytes datagram) {
  while (const auto message = take_message(datagram)) {
    if (message->header.nlmsg_type == NLMSG_DONE || message->header.nlmsg_type == NLMSG_ERROR) return true;
  }
  return false;
}

}  // namespace tspod::netlink
