#include "monitor/handshake.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "core/socket.h"
#include "core/sys.h"

namespace tspod {
namespace {

/**
 * The header of each packet. It is followed by the words of a failure, or by the numbers (u32) of the slots
 * whose descriptors come with the packet.
 */
struct Header {
  PacketKind kind{};
  uint32_t step = 0;  // of a failure
  int32_t err = 0;
  uint32_t more = 0;  // the rest of the slots comes in another packet
};

/** Maximum length of a failure's words; longer ones are cut. */
constexpr size_t kMaxWords = 2048;
constexpr size_t kMaxPacket = sizeof(Header) + std::max(kMaxWords, kMaxPacketFds * sizeof(uint32_t));

using Buffer = std::array<char, kMaxPacket>;

Result<void> send(int socket, const Header& header, std::string_view rest = {},
                  std::span<const int> fds = {}) {
  Buffer packet;
  std::memcpy(packet.data(), &header, sizeof header);
  const size_t size = std::min(rest.size(), packet.size() - sizeof header);
  std::copy_n(rest.data(), size, packet.data() + sizeof header);
  return send_packet(socket, {packet.data(), sizeof header + size}, fds);
}

/** A received packet that is not decoded yet. */
struct Raw {
  Header header;
  std::string_view rest;
  size_t fd_count = 0;
  bool ended = false;
};

Result<Raw> receive_raw(int socket, Buffer& buffer, std::span<UniqueFd> fds) {
  const ReceivedPacket received = TRY(receive_packet(socket, buffer, fds));
  Raw raw;
  raw.ended = received.size == 0;
  if (raw.ended) return raw;
  if (received.size < sizeof raw.header) return Error{"handshake", "short packet", EPROTO};
  std::memcpy(&raw.header, buffer.data(), sizeof raw.header);
  raw.rest = {buffer.data() + sizeof raw.header, received.size - sizeof raw.header};
  raw.fd_count = received.fd_count;
  return raw;
}

}  // namespace

Order::Phase Order::phase_of(PacketKind packet) {
  switch (packet) {
    case PacketKind::kAfterClonePlease: return Phase::kAfterClone;
    case PacketKind::kBeforePivotPlease: return Phase::kBeforePivot;
    case PacketKind::kGatePlease: return Phase::kGate;
    case PacketKind::kFailed: return Phase::kFailed;
    case PacketKind::kTerminal:
    case PacketKind::kDone: break;
  }
  return Phase::kBegun;
}

bool Order::accept(PacketKind packet) {
  if (phase_ == Phase::kFailed) return false;
  if (packet == PacketKind::kTerminal) return !std::exchange(terminal_, true);
  const Phase wanted = phase_of(packet);
  if (wanted <= phase_) return false;
  phase_ = wanted;
  return true;
}

Result<void> Channel::move_above(int fd) {
  if (socket_.get() > fd) return {};
  socket_ = TRY(sys::dup_from(socket_.get(), fd + 1));
  return {};
}

Result<void> Channel::request(PacketKind kind) {
  return send(fd(), {.kind = kind});
}

Result<void> Channel::await_done(ops::Slots& slots) {
  for (;;) {
    Buffer buffer;
    std::array<UniqueFd, kMaxPacketFds> fds;
    const Raw raw = TRY(receive_raw(fd(), buffer, fds));
    if (raw.ended) return Error{"handshake", "the monitor has died", ECANCELED};
    const bool understood =
        raw.header.kind == PacketKind::kDone && raw.rest.size() == raw.fd_count * sizeof(uint32_t);
    if (!understood) return Error{"handshake", "not an answer", EPROTO};
    for (size_t index = 0; index < raw.fd_count; ++index) {
      uint32_t slot = 0;
      std::memcpy(&slot, raw.rest.data() + index * sizeof slot, sizeof slot);
      TRY(slots.put(slot, std::move(fds[index])));
    }
    if (raw.header.more == 0) return {};
  }
}

Result<void> Channel::send_terminal(int master) {
  return send(fd(), {.kind = PacketKind::kTerminal}, {}, std::span(&master, 1));
}

Result<void> Channel::send_failure(const Failure& failure) {
  const std::string_view words = std::string_view(failure.detail).substr(0, kMaxWords);
  return send(fd(), {.kind = PacketKind::kFailed, .step = failure.step, .err = failure.err}, words);
}

Result<Packet> Channel::receive() {
  Buffer buffer;
  std::array<UniqueFd, 1> fds;
  const Raw raw = TRY(receive_raw(fd(), buffer, fds));
  Packet packet;
  packet.ended = raw.ended;
  packet.kind = raw.header.kind;
  if (packet.ended) return packet;
  if (packet.kind == PacketKind::kFailed)
    packet.failure = {raw.header.step, raw.header.err, std::string(raw.rest)};
  if (packet.kind == PacketKind::kTerminal) packet.terminal = std::move(fds[0]);
  return packet;
}

Result<void> Channel::send_done(ops::Slots& slots) {
  const ops::Slots::Set changed = slots.take_changed();
  std::vector<uint32_t> numbers;
  for (uint32_t slot = 0; slot < changed.size(); ++slot) {
    if (changed.test(slot)) numbers.push_back(slot);
  }
  size_t sent = 0;
  do {
    const size_t count = std::min(numbers.size() - sent, kMaxPacketFds);
    std::vector<int> fds;
    for (size_t index = sent; index < sent + count; ++index) fds.push_back(TRY(slots.get(numbers[index])));
    const std::string_view rest(reinterpret_cast<const char*>(numbers.data() + sent),
                                count * sizeof(uint32_t));
    sent += count;
    TRY(send(fd(), {.kind = PacketKind::kDone, .more = sent < numbers.size()}, rest, fds));
  } while (sent < numbers.size());
  return {};
}

}  // namespace tspod
