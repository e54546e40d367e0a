// Unix sockets: whole packets with descriptors between our own processes, frames on a stream to the engine.
#pragma once

#include <sys/types.h>

#include <array>
#include <span>
#include <string_view>

#include "core/result.h"
#include "core/unique_fd.h"

namespace tspod {

/** Most descriptors of one packet: the kernel's SCM_MAX_FD. */
inline constexpr size_t kMaxPacketFds = 253;

struct SocketPair {
  UniqueFd first;
  UniqueFd second;
};

/** Two connected SOCK_SEQPACKET sockets: borders of messages are kept, and the end of one side is seen by the
 * other. */
Result<SocketPair> packet_pair();

/** Sends one packet. EPIPE if the other side is gone; never a signal. */
Result<void> send_packet(int socket, std::string_view bytes, std::span<const int> fds = {});

/** A packet's size; 0 is the end of the other side, since we send no empty ones. */
struct ReceivedPacket {
  size_t size = 0;
  size_t fd_count = 0;
};

/** Receives one packet; descriptors that come with it are put into `fds`, close-on-exec. EMSGSIZE if either
 * does not fit. */
Result<ReceivedPacket> receive_packet(int socket, std::span<char> into, std::span<UniqueFd> fds);

/** Reads until `into` is full; false if the stream ends before its first byte, ECONNRESET if it ends within.
 */
Result<bool> read_exactly(int socket, std::span<char> into);

/** Writes all to a stream socket, waiting for room. EPIPE if the other side is gone; never a signal. */
Result<void> send_all(int socket, std::string_view bytes);

}  // namespace tspod
