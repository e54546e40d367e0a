// Unix sockets: packets with descriptors between our own processes, and a stream of frames to the engine.
#pragma once

#include <sys/types.h>

#include <array>
#include <span>
#include <string_view>

#include "core/result.h"
#include "core/unique_fd.h"

namespace tspod {

/** Maximum number of descriptors in one packet: the kernel's SCM_MAX_FD. */
inline constexpr size_t kMaxPacketFds = 253;

struct SocketPair {
  UniqueFd first;
  UniqueFd second;
};

/**
 * Makes two connected SOCK_SEQPACKET sockets: message boundaries are kept, and each side sees when the other
 * is closed.
 */
Result<SocketPair> packet_pair();

/** Sends one packet. EPIPE if the other side is gone; never a signal. */
Result<void> send_packet(int socket, std::string_view bytes, std::span<const int> fds = {});

/**
 * A packet's size and number of descriptors. Size 0 means that the other side has closed, since we send no
 * empty packets.
 */
struct ReceivedPacket {
  size_t size = 0;
  size_t fd_count = 0;
};

/**
 * Receives one packet, and puts the descriptors that come with it into `fds`, close-on-exec. EMSGSIZE if the
 * bytes or the descriptors do not fit.
 */
Result<ReceivedPacket> receive_packet(int socket, std::span<char> into, std::span<UniqueFd> fds);

/**
 * Reads until `into` is full. Returns false if the stream ends before the first byte; ECONNRESET if it ends
 * later.
 */
Result<bool> read_exactly(int socket, std::span<char> into);

/** Writes all bytes to a stream socket, waiting for room. EPIPE if the other side is gone; never a signal. */
Result<void> send_all(int socket, std::string_view bytes);

}  // namespace tspod
