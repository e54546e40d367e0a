// Sends messages to the kernel's network configuration that were made in TypeScript (src/native/netlink):
// fills in the numbers that are known only now, and reads the errors out of the answers.
#include <linux/netlink.h>
#include <net/if.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "core/netlink.h"
#include "core/sys.h"
#include "ops/handlers.gen.h"
#include "ops/network.h"

namespace tspod::ops {
namespace {

constexpr size_t kReceiveBytes = 64 * 1024;
constexpr uint16_t kCapped = 0x100;      // NLM_F_CAPPED: only the header of the refused message is sent back
constexpr uint16_t kHasWords = 0x200;    // NLM_F_ACK_TLVS
constexpr uint16_t kWordsAttribute = 1;  // NLMSGERR_ATTR_MSG
constexpr uint16_t kTypeMask = 0x3fff;

/** The kernel's answer to the messages of a step. */
struct Answer {
  uint32_t found = 0;     // number of messages that are no acknowledgement
  bool expected = false;  // one of them contains the expected bytes
  int err = 0;            // of the first refused message
  uint32_t sequence = 0;  // number of that message
  std::string words;      // the kernel's explanation
};

/** What a step looks for in an answer. */
struct Interest {
  wire::U32s accepted;
  wire::Bytes expected;

  bool accepts(int err) const {
    for (uint32_t index = 0; index < accepted.size(); ++index) {
      if (accepted[index] == static_cast<uint32_t>(err)) return true;
    }
    return err == 0;
  }
};

template <typename Value> Value value_at(wire::Bytes bytes, size_t offset) {
  Value value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

/** Returns the kernel's explanation of a refused message, if there is one. `error` begins with the errno. */
std::string words_in(wire::Bytes error, uint16_t flags) {
  if ((flags & kHasWords) == 0) return {};
  size_t refused = sizeof(nlmsghdr);
  if ((flags & kCapped) == 0) refused = NLMSG_ALIGN(value_at<nlmsghdr>(error, sizeof(int)).nlmsg_len);
  for (size_t offset = sizeof(int) + refused; offset + sizeof(nlattr) <= error.size();) {
    const auto head = value_at<nlattr>(error, offset);
    if (head.nla_len < sizeof(nlattr) || offset + head.nla_len > error.size()) break;
    if ((head.nla_type & kTypeMask) == kWordsAttribute) {
      const auto* text = reinterpret_cast<const char*>(error.data() + offset + sizeof(nlattr));
      return std::string(text, ::strnlen(text, head.nla_len - sizeof(nlattr)));
    }
    offset += NLA_ALIGN(head.nla_len);
  }
  return {};
}

void read_refusal(wire::Bytes body, const nlmsghdr& header, const Interest& interest, Answer& answer) {
  const bool about_message = header.nlmsg_type == NLMSG_ERROR;
  if (body.size() < sizeof(int) + (about_message ? sizeof(nlmsghdr) : 0)) return;
  const int err = -value_at<int>(body, 0);
  if (err <= 0 || answer.err != 0 || interest.accepts(err)) return;
  answer.err = err;
  if (!about_message) return;
  answer.sequence = value_at<nlmsghdr>(body, sizeof(int)).nlmsg_seq;
  answer.words = words_in(body, header.nlmsg_flags);
}

void read_datagram(wire::Bytes datagram, const Interest& interest, Answer& answer) {
  while (const auto message = netlink::take_message(datagram)) {
    const auto& [header, body] = *message;
    if (header.nlmsg_type == NLMSG_ERROR || header.nlmsg_type == NLMSG_DONE) {
      read_refusal(body, header, interest, answer);
    } else {
      ++answer.found;
      answer.expected = answer.expected || std::search(body.begin(), body.end(), interest.expected.begin(),
                                                       interest.expected.end()) != body.end();
    }
  }
}

/** Reads the answers. The kernel carries a request out before sendto returns, so all of them are there. */
Result<Answer> read_answers(int socket, const Interest& interest) {
  Answer answer;
  std::vector<uint8_t> buffer(kReceiveBytes);
  for (;;) {
    const ssize_t count =
        sys::retry([&] { return ::recv(socket, buffer.data(), buffer.size(), MSG_TRUNC | MSG_DONTWAIT); });
    if (count < 0) {
      if (errno == EAGAIN) return answer;
      return last_error("recv");
    }
    if (static_cast<size_t>(count) > buffer.size()) return Error{"recv", {}, EMSGSIZE};
    read_datagram(wire::Bytes(buffer).first(static_cast<size_t>(count)), interest, answer);
  }
}

Result<Answer> converse(int socket, wire::Bytes messages, const Interest& interest) {
  const int room = static_cast<int>(std::min<size_t>(messages.size() * 2 + kReceiveBytes, INT32_MAX));
  if (messages.size() > kReceiveBytes)
    (void)::setsockopt(socket, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room);  // else EMSGSIZE
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  const ssize_t sent = sys::retry([&] {
    return ::sendto(socket, messages.data(), messages.size(), 0, reinterpret_cast<sockaddr*>(&kernel),
                    sizeof kernel);
  });
  if (sent < 0) return last_error("sendto");
  return read_answers(socket, interest);
}

Result<void> put_number(std::vector<uint8_t>& bytes, uint32_t offset, uint32_t number) {
  if (offset > bytes.size() || bytes.size() - offset < sizeof number)
    return Error{"netlink", "an offset beyond the end", EINVAL};
  std::memcpy(bytes.data() + offset, &number, sizeof number);
  return {};
}

/** Returns the index of a link in the network namespace of the socket. */
Result<uint32_t> link_index(int socket, wire::String name) {
  ifreq request{};
  if (name.view().size() >= sizeof request.ifr_name) return Error{"SIOCGIFINDEX", name.str(), ENODEV};
  std::memcpy(request.ifr_name, name.c_str(), name.view().size());
  TRY(sys::check(::ioctl(socket, SIOCGIFINDEX, &request), "SIOCGIFINDEX", name.view()));
  return static_cast<uint32_t>(request.ifr_ifindex);
}

Result<std::vector<uint8_t>> complete_messages(const Context& context, int socket,
                                               const plan::Netlink& step) {
  if (step.links.size() != step.link_offsets.size() || step.slots.size() != step.slot_offsets.size() ||
      step.probe > step.messages.size())
    return Error{"netlink", "lists of different lengths", EINVAL};
  std::vector<uint8_t> bytes(step.messages.begin(), step.messages.end());
  uint32_t position = 0;
  for (const wire::String name : step.links)
    TRY(put_number(bytes, step.link_offsets[position++], TRY(link_index(socket, name))));
  for (uint32_t index = 0; index < step.slots.size(); ++index) {
    const int fd = TRY(context.slots.get(step.slots[index]));
    TRY(put_number(bytes, step.slot_offsets[index], static_cast<uint32_t>(fd)));
  }
  return bytes;
}

/** Whether another process has locked the file; false if the file is missing. */
Result<bool> is_locked(const char* path) {
  const Result<UniqueFd> file = sys::open(path, O_RDWR | O_NOFOLLOW);
  if (!file) return file.error().err == ENOENT ? Result<bool>(false) : Result<bool>(file.error());
  if (sys::retry([&] { return ::flock(file->get(), LOCK_EX | LOCK_NB); }) == 0) return false;
  return errno == EWOULDBLOCK ? Result<bool>(true) : Result<bool>(last_error("flock", path));
}

bool is_wanted(plan::NetlinkCondition condition, const Answer& probed) {
  switch (condition) {
    case plan::NetlinkCondition::kNone: return true;
    case plan::NetlinkCondition::kUnlessExpected: return !probed.expected;
    case plan::NetlinkCondition::kIfExpected: return probed.expected;
    case plan::NetlinkCondition::kIfExpectedAlone: return probed.expected && probed.found == 1;
  }
  return false;
}

/** Returns the words for what was attempted, with the kernel's explanation. */
std::string words_for_attempt(const plan::Netlink& step, const Answer& answer) {
  uint32_t number = 0;
  std::string what;
  for (const wire::String words : step.words) {
    if (number == 0 || number == answer.sequence) what = words.str();
    ++number;
  }
  return answer.words.empty() ? what : what + ": " + answer.words;
}

}  // namespace

Result<void> netlink_socket(Context& context, const plan::NetlinkSocket& step) {
  UniqueFd socket = TRY(in_network(context, step.namespace_slot, [&] {
    return sys::check_fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, static_cast<int>(step.protocol)),
                         "socket", "netlink");
  }));
  const int on = 1;
  // Older kernels give no explanations.
  (void)::setsockopt(socket.get(), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
  (void)::setsockopt(socket.get(), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
  (void)::setsockopt(socket.get(), SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof on);
  return context.slots.put(step.slot, std::move(socket));
}

Result<void> netlink(Context& context, const plan::Netlink& step) {
  if (!step.unless_locked.empty() && TRY(is_locked(step.unless_locked.c_str()))) return {};
  const int socket = TRY(context.slots.get(step.socket_slot));
  const Interest interest{step.accepted, step.expected};
  const Result<std::vector<uint8_t>> bytes = complete_messages(context, socket, step);
  if (!bytes) {
    if (interest.accepts(bytes.error().err)) return {};
    return bytes.error();
  }
  const wire::Bytes all(*bytes);
  if (step.probe > 0) {
    const int asked = TRY(context.slots.get(step.probe_slot));
    const Answer probed = TRY(converse(asked, all.first(step.probe), Interest{{}, step.expected}));
    if (probed.err != 0 && probed.err != ENODEV && probed.err != ENOENT)
      return Error{"netlink", words_for_attempt(step, Answer{.words = probed.words}), probed.err};
    if (!is_wanted(plan::NetlinkCondition{step.condition}, probed)) return {};
  }
  const Answer answer = TRY(converse(socket, all.subspan(step.probe), interest));
  if (answer.err != 0) return Error{"netlink", words_for_attempt(step, answer), answer.err};
  return {};
}

}  // namespace tspod::ops
