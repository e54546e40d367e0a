// The handshake: which packets may come when, descriptors that come with them, and the death of either side.
#include "monitor/handshake.h"

#include <sys/socket.h>

#include <set>

#include "core/socket.h"
#include "core/sys.h"
#include "test/check.h"

namespace tspod::test {
namespace {

using enum PacketKind;

/** Returns how many of the packets are accepted before the first one that is not. */
size_t accepted(std::initializer_list<PacketKind> packets) {
  Order order;
  size_t count = 0;
  for (const PacketKind packet : packets) {
    if (!order.accept(packet)) break;
    ++count;
  }
  return count;
}

TEST("handshake: all requests in order are accepted") {
  CHECK_EQUAL(accepted({kAfterClonePlease, kBeforePivotPlease, kTerminal, kGatePlease, kFailed}), 5U);
}

TEST("handshake: requests may be left out") {
  CHECK_EQUAL(accepted({kGatePlease}), 1U);
  CHECK_EQUAL(accepted({kBeforePivotPlease, kFailed}), 2U);
}

TEST("handshake: a failure is accepted at any time, and nothing after it") {
  CHECK_EQUAL(accepted({kFailed, kFailed}), 1U);
  CHECK_EQUAL(accepted({kFailed, kAfterClonePlease}), 1U);
  CHECK_EQUAL(accepted({kFailed, kTerminal}), 1U);
}

TEST("handshake: no request comes twice") {
  for (const PacketKind packet : {kAfterClonePlease, kBeforePivotPlease, kGatePlease, kTerminal}) {
    CHECK_EQUAL(accepted({packet, packet}), 1U);
  }
}

TEST("handshake: no request comes after a later one") {
  CHECK_EQUAL(accepted({kBeforePivotPlease, kAfterClonePlease}), 1U);
  CHECK_EQUAL(accepted({kGatePlease, kBeforePivotPlease}), 1U);
  CHECK_EQUAL(accepted({kGatePlease, kAfterClonePlease}), 1U);
}

TEST("handshake: a terminal may come at any time, once") {
  CHECK_EQUAL(accepted({kTerminal, kAfterClonePlease}), 2U);
  CHECK_EQUAL(accepted({kGatePlease, kTerminal, kTerminal}), 2U);
}

TEST("handshake: an answer is no request") {
  CHECK_EQUAL(accepted({kDone}), 0U);
}

TEST("handshake: a number that is no packet is not accepted") {
  CHECK_EQUAL(accepted({static_cast<PacketKind>(77)}), 0U);
}

struct Pair {
  Channel monitor;
  Channel child;
};

Pair make_pair() {
  SocketPair sockets = *packet_pair();
  return {Channel(std::move(sockets.first)), Channel(std::move(sockets.second))};
}

TEST("handshake: a failure arrives with step, errno and words, long words cut") {
  Pair pair = make_pair();
  CHECK(static_cast<bool>(pair.child.send_failure({7, EPERM, "mount " + std::string(10000, 'x')})));
  const auto packet = pair.monitor.receive();
  CHECK(packet && packet->kind == kFailed);
  CHECK_EQUAL(packet->failure.step, 7U);
  CHECK_EQUAL(packet->failure.err, EPERM);
  CHECK(packet->failure.detail.starts_with("mount xxx"));
  CHECK(packet->failure.detail.size() < 4096);
}

TEST("handshake: a terminal arrives as a descriptor that is closed on exec") {
  Pair pair = make_pair();
  const sys::Pipe pipe = *sys::pipe();
  CHECK(static_cast<bool>(pair.child.send_terminal(pipe.write.get())));
  auto packet = pair.monitor.receive();
  CHECK(packet && packet->kind == kTerminal && packet->terminal);
  CHECK_EQUAL(::fcntl(packet->terminal.get(), F_GETFD), FD_CLOEXEC);
  CHECK(static_cast<bool>(sys::write_all(packet->terminal.get(), "x")));
  char byte;
  CHECK_EQUAL(*sys::read(pipe.read.get(), {&byte, 1}), 1U);
}

TEST("handshake: slots that were filled come with the answer, also more than one packet holds") {
  Pair pair = make_pair();
  ops::Slots monitor_slots;
  std::set<ino_t> inodes;
  for (uint32_t slot = 0; slot < 300; ++slot) {
    sys::Pipe pipe = *sys::pipe();
    inodes.insert(sys::fstat(pipe.read.get())->st_ino);
    CHECK(static_cast<bool>(monitor_slots.put(slot + 100, std::move(pipe.read))));
  }
  CHECK(static_cast<bool>(pair.monitor.send_done(monitor_slots)));
  ops::Slots child_slots;
  CHECK(static_cast<bool>(pair.child.await_done(child_slots)));
  for (uint32_t slot = 0; slot < 300; ++slot) {
    const auto fd = child_slots.get(slot + 100);
    CHECK(static_cast<bool>(fd));
    if (fd) inodes.erase(sys::fstat(*fd)->st_ino);
  }
  CHECK(inodes.empty());
  CHECK(!child_slots.get(99U));
}

TEST("handshake: only slots that changed since the last answer are sent") {
  Pair pair = make_pair();
  ops::Slots monitor_slots;
  CHECK(static_cast<bool>(monitor_slots.put(1, std::move(sys::pipe()->read))));
  (void)monitor_slots.take_changed();
  CHECK(static_cast<bool>(monitor_slots.put(2, std::move(sys::pipe()->read))));
  CHECK(static_cast<bool>(pair.monitor.send_done(monitor_slots)));
  ops::Slots child_slots;
  CHECK(static_cast<bool>(pair.child.await_done(child_slots)));
  CHECK(!child_slots.get(1U));
  CHECK(static_cast<bool>(child_slots.get(2U)));
}

TEST("handshake: the death of the child is an end, not an error") {
  Pair pair = make_pair();
  pair.child = Channel();
  const auto packet = pair.monitor.receive();
  CHECK(packet && packet->ended);
}

TEST("handshake: the death of the child with an answer unread is an end as well") {
  Pair pair = make_pair();
  ops::Slots slots;
  CHECK(static_cast<bool>(pair.monitor.send_done(slots)));
  pair.child = Channel();
  const auto packet = pair.monitor.receive();
  CHECK(packet && packet->ended);
}

TEST("handshake: the death of the monitor while the child waits is ECANCELED") {
  Pair pair = make_pair();
  CHECK(static_cast<bool>(pair.child.request(kGatePlease)));
  pair.monitor = Channel();
  ops::Slots slots;
  const auto answer = pair.child.await_done(slots);
  CHECK(!answer && answer.error().err == ECANCELED);
}

TEST("handshake: a child that speaks to a dead monitor gets EPIPE and no signal") {
  Pair pair = make_pair();
  pair.monitor = Channel();
  const auto sent = pair.child.request(kAfterClonePlease);
  CHECK(!sent && sent.error().err == EPIPE);
}

TEST("handshake: a packet that is too short to be one is an error") {
  SocketPair sockets = *packet_pair();
  Channel monitor(std::move(sockets.first));
  CHECK(static_cast<bool>(send_packet(sockets.second.get(), "x")));
  const auto packet = monitor.receive();
  CHECK(!packet && packet.error().err == EPROTO);
}

TEST("handshake: descriptors that nobody asked for are closed, not kept") {
  SocketPair sockets = *packet_pair();
  Channel monitor(std::move(sockets.first));
  sys::Pipe pipe = *sys::pipe();
  const int fds[] = {pipe.write.get(), pipe.write.get(), pipe.write.get()};
  CHECK(static_cast<bool>(send_packet(sockets.second.get(), std::string(16, '\0'), fds)));
  pipe.write.reset();
  const auto packet = monitor.receive();
  CHECK(!packet && packet.error().err == EMSGSIZE);
  char byte;
  CHECK_EQUAL(*sys::read(pipe.read.get(), {&byte, 1}), 0U);
}

TEST("handshake: the channel moves out of the way of exposed descriptors") {
  Pair pair = make_pair();
  CHECK(static_cast<bool>(pair.child.move_above(700)));
  CHECK(pair.child.fd() > 700);
  CHECK(static_cast<bool>(pair.child.request(kGatePlease)));
  CHECK(pair.monitor.receive()->kind == kGatePlease);
}

}  // namespace
}  // namespace tspod::test
