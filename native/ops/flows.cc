// Removes tracked UDP flows (nf_conntrack). Each flow goes the way that the rules said at its first packet,
// for as long as somebody sends; once it is removed, the rules decide about its next packet anew.
#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <bitset>
#include <cstring>
#include <optional>
#include <vector>

#include "core/netlink.h"
#include "core/sys.h"
#include "ops/handlers.gen.h"

namespace tspod::ops {
namespace {

constexpr size_t kReceiveBytes = 64 * 1024;
constexpr size_t kPortCount = 65536;

using Ports = std::bitset<kPortCount>;

constexpr uint16_t message_type(uint16_t command) {
  return static_cast<uint16_t>(NFNL_SUBSYS_CTNETLINK << 8) | command;
}

/** Returns the payload of the attribute of this type; nullopt if there is none. */
std::optional<wire::Bytes> attribute(wire::Bytes all, uint16_t type) {
  while (all.size() >= sizeof(nlattr)) {
    nlattr head;
    std::memcpy(&head, all.data(), sizeof head);
    if (head.nla_len < sizeof head || head.nla_len > all.size()) break;
    if ((head.nla_type & NLA_TYPE_MASK) == type) return all.subspan(sizeof head, head.nla_len - sizeof head);
    all = all.subspan(std::min<size_t>(NLA_ALIGN(head.nla_len), all.size()));
  }
  return {};
}

void put(std::vector<uint8_t>& bytes, const void* value, size_t size) {
  const auto* begin = static_cast<const uint8_t*>(value);
  bytes.insert(bytes.end(), begin, begin + size);
  bytes.resize(NLMSG_ALIGN(bytes.size()));
}

void put_attribute(std::vector<uint8_t>& bytes, uint16_t type, wire::Bytes value) {
  const nlattr head{.nla_len = static_cast<uint16_t>(sizeof head + value.size()), .nla_type = type};
  put(bytes, &head, sizeof head);
  put(bytes, value.data(), value.size());
}

/** Begins a message; end_message fills in its length. */
size_t begin_message(std::vector<uint8_t>& bytes, uint16_t command, uint16_t flags, uint8_t family) {
  const size_t start = bytes.size();
  const nlmsghdr header{.nlmsg_len = 0,
                        .nlmsg_type = message_type(command),
                        .nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | flags),
                        .nlmsg_seq = 0,
                        .nlmsg_pid = 0};
  const nfgenmsg body{.nfgen_family = family, .version = NFNETLINK_V0, .res_id = 0};
  put(bytes, &header, sizeof header);
  put(bytes, &body, sizeof body);
  return start;
}

void end_message(std::vector<uint8_t>& bytes, size_t start) {
  const auto length = static_cast<uint32_t>(bytes.size() - start);
  std::memcpy(bytes.data() + start, &length, sizeof length);
}

Result<void> send_bytes(int socket, wire::Bytes bytes) {
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  return sys::check(sys::retry([&] {
                      return static_cast<int>(::sendto(socket, bytes.data(), bytes.size(), 0,
                                                       reinterpret_cast<sockaddr*>(&kernel), sizeof kernel));
                    }),
                    "sendto");
}

/** Whether the address is one of this host's: the rules for published ports apply to these. */
bool is_local(wire::Bytes address) {
  sockaddr_storage storage{};
  socklen_t size = sizeof(sockaddr_in);
  if (address.size() == sizeof(in_addr)) {
    auto& ip = reinterpret_cast<sockaddr_in&>(storage);
    ip.sin_family = AF_INET;
    std::memcpy(&ip.sin_addr, address.data(), address.size());
  } else {
    auto& ip6 = reinterpret_cast<sockaddr_in6&>(storage);
    size = sizeof ip6;
    ip6.sin6_family = AF_INET6;
    std::memcpy(&ip6.sin6_addr, address.data(), std::min(address.size(), sizeof ip6.sin6_addr));
  }
  const UniqueFd probe(::socket(storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  return ::bind(probe.get(), reinterpret_cast<const sockaddr*>(&storage), size) == 0 ||
         errno != EADDRNOTAVAIL;
}

/** Whether the tuple, of a flow's first packet, is UDP to one of the ports on an address of this host. */
bool goes_to_port(wire::Bytes tuple, const Ports& ports) {
  const auto protocol = attribute(tuple, CTA_TUPLE_PROTO);
  const auto ip = attribute(tuple, CTA_TUPLE_IP);
  if (!protocol || !ip) return false;
  const auto number = attribute(*protocol, CTA_PROTO_NUM);
  const auto port = attribute(*protocol, CTA_PROTO_DST_PORT);
  if (!number || number->empty() || number->front() != IPPROTO_UDP) return false;
  if (!port || port->size() != 2 || !ports.test(static_cast<size_t>(port->front()) << 8 | port->back()))
    return false;
  const auto ip4 = attribute(*ip, CTA_IP_V4_DST);
  const auto destination = ip4 ? ip4 : attribute(*ip, CTA_IP_V6_DST);
  return destination && is_local(*destination);
}

/** The messages that remove those flows of a dump that go to the ports. */
class Removals {
 public:
  explicit Removals(const Ports& ports) : ports_(ports) {}

  /** Reads a datagram of the dump; returns false at its end. */
  Result<bool> read(wire::Bytes datagram) {
    while (const auto message = netlink::take_message(datagram)) {
      const auto& [header, body] = *message;
      if (header.nlmsg_type == NLMSG_DONE) return false;
      if (header.nlmsg_type == NLMSG_ERROR) return refusal(body);
      if (header.nlmsg_type == message_type(IPCTNL_MSG_CT_NEW) && body.size() >= sizeof(nfgenmsg)) add(body);
    }
    return true;
  }

  /**
   * Sends the messages one by one. A flow may have ended or begun anew meanwhile, so the answers are dropped.
   */
  Result<void> send(int socket) const {
    for (const auto& message : messages_) {
      TRY(send_bytes(socket, message));
      uint8_t answer;
      while (::recv(socket, &answer, sizeof answer, MSG_DONTWAIT) >= 0) continue;
    }
    return {};
  }

 private:
  static Result<bool> refusal(wire::Bytes body) {
    int err = 0;
    if (body.size() >= sizeof err) std::memcpy(&err, body.data(), sizeof err);
    return Error{"conntrack", {}, err == 0 ? EPROTO : -err};
  }

  void add(wire::Bytes body) {
    const wire::Bytes attributes = body.subspan(sizeof(nfgenmsg));
    const auto tuple = attribute(attributes, CTA_TUPLE_ORIG);
    if (!tuple || !goes_to_port(*tuple, ports_)) return;
    std::vector<uint8_t> message;
    const size_t start = begin_message(message, IPCTNL_MSG_CT_DELETE, 0, body.front());
    put_attribute(message, CTA_TUPLE_ORIG | NLA_F_NESTED, *tuple);
    for (const uint16_t type : {CTA_ZONE, CTA_ID}) {
      if (const auto value = attribute(attributes, type)) put_attribute(message, type, *value);
    }
    end_message(message, start);
    messages_.push_back(std::move(message));
  }

  const Ports& ports_;
  std::vector<std::vector<uint8_t>> messages_;
};

}  // namespace

Result<void> forget_flows(Context& context, const plan::ForgetFlows& step) {
  const int socket = TRY(context.slots.get(step.socket_slot));
  Ports ports;
  for (uint32_t index = 0; index < step.ports.size(); ++index) {
    if (step.ports[index] >= kPortCount) return Error{"conntrack", "a port", EINVAL};
    ports.set(step.ports[index]);
  }
  std::vector<uint8_t> question;
  const size_t start = begin_message(question, IPCTNL_MSG_CT_GET, NLM_F_DUMP, AF_UNSPEC);
  end_message(question, start);
  TRY(send_bytes(socket, question));
  Removals removals(ports);
  std::vector<uint8_t> buffer(kReceiveBytes);
  for (bool more = true; more;) {
    const ssize_t count =
        sys::retry([&] { return ::recv(socket, buffer.data(), buffer.size(), MSG_DONTWAIT); });
    if (count < 0) return last_error("recv");
    more = TRY(removals.read(wire::Bytes(buffer).first(static_cast<size_t>(count))));
  }
  return removals.send(socket);
}

}  // namespace tspod::ops
