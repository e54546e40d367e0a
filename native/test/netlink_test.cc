// Splitting netlink datagrams into messages.
#include "core/netlink.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "test/check.h"

namespace tspod::test {
namespace {

/** Returns a message of `length` bytes in all, without padding. */
void append(std::vector<uint8_t>& bytes, uint16_t type, uint32_t length) {
  nlmsghdr header{};
  header.nlmsg_len = length;
  header.nlmsg_type = type;
  const size_t start = bytes.size();
  bytes.resize(start + std::max<size_t>(length, sizeof header));
  std::memcpy(bytes.data() + start, &header, sizeof header);
}

TEST("netlink: messages are taken one after the other, each padded to four bytes") {
  std::vector<uint8_t> bytes;
  append(bytes, 100, 18);
  bytes.resize(20);
  append(bytes, NLMSG_DONE, 20);
  wire::Bytes left(bytes);
  const auto first = netlink::take_message(left);
  CHECK(first && first->header.nlmsg_type == 100 && first->body.size() == 2);
  const auto second = netlink::take_message(left);
  CHECK(second && second->header.nlmsg_type == NLMSG_DONE && second->body.size() == 4);
  CHECK(!netlink::take_message(left));
  CHECK(netlink::ends_answer(bytes));
}

TEST("netlink: what follows an unpadded last message is not read") {
  std::vector<uint8_t> bytes;
  append(bytes, 100, 18);
  const size_t end = bytes.size();
  bytes.resize(20);
  append(bytes, NLMSG_DONE, 20);
  CHECK(!netlink::ends_answer(wire::Bytes(bytes).first(end)));
  // In memory of its own, so that a sanitizer sees a read beyond the end.
  const std::vector<uint8_t> alone(bytes.begin(), bytes.begin() + static_cast<long>(end));
  CHECK(!netlink::ends_answer(alone));
}

TEST("netlink: a length that is too small, or more than there is, ends the walk") {
  for (const uint32_t length : {0U, 15U, 17U, UINT32_MAX}) {
    std::vector<uint8_t> bytes;
    append(bytes, NLMSG_DONE, sizeof(nlmsghdr));
    std::memcpy(bytes.data(), &length, sizeof length);
    CHECK(!netlink::ends_answer(bytes));
  }
  CHECK(!netlink::ends_answer({}));
}

}  // namespace
}  // namespace tspod::test
