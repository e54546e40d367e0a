// What the monitor and the container's first process say to each other between the clone and exec.
//
//   monitor                                       first process
//   -------                                       -------------
//   socketpair(SEQPACKET), clone3
//   writes down who was cloned                    init steps, until an awaitStage:
//                      <- afterClonePlease ------
//   afterClone steps   -- done + slots ---------> goes on; slots that the steps have filled are its too
//                      <- beforePivotPlease -----
//   beforePivot steps  -- done + slots ---------> goes on
//                      <- terminal + master ----- (at any time, once)
//   sets its size      -- done -----------------> goes on
//                      <- gatePlease ------------
//   `created`, waits for the start command
//                      -- done -----------------> goes on
//                      <- end of file ----------- exec: the socket is close-on-exec
//
// Each request has one answer. Instead of anything the first process may say `failed` {step, errno, words}
// and end; the end of the socket without exec is its death (told apart by procfs). The end of the monitor's
// side is the monitor's death: the first process ends too. Packets, not a stream: borders are kept and
// descriptors travel with them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"
#include "core/unique_fd.h"
#include "ops/slots.h"

namespace tspod {

enum class PacketKind : uint32_t {
  kAfterClonePlease = 1,
  kBeforePivotPlease = 2,
  kGatePlease = 3,
  kTerminal = 4,
  kFailed = 5,
  kDone = 6,  // sent by the monitor; the others are sent by the first process
};

/** Checks the order of the first process's packets. */
class Order {
 public:
  /** Whether the packet may come now; if so, records that it has come. */
  bool accept(PacketKind packet);

 private:
  /** The requests made so far. They come in this order, none twice; any may be left out. */
  enum class Phase { kBegun, kAfterClone, kBeforePivot, kGate, kFailed };

  static Phase phase_of(PacketKind packet);

  Phase phase_ = Phase::kBegun;
  bool terminal_ = false;
};

/** A packet as it was received. Only what its kind has is set. */
struct Packet {
  PacketKind kind{};
  bool ended = false;  // no packet: the other side has closed or died
  Failure failure;     // of kFailed
  UniqueFd terminal;   // of kTerminal
};

/** One side of the handshake. */
class Channel {
 public:
  Channel() = default;
  explicit Channel(UniqueFd socket) : socket_(std::move(socket)) {}

  int fd() const { return socket_.get(); }
  UniqueFd take() { return std::move(socket_); }
  Result<void> move_above(int fd);

  // the first process's side
  Result<void> request(PacketKind kind);
  /** Waits for the answer and takes the slots that come with it. ECANCELED if the monitor has died. */
  Result<void> await_done(ops::Slots& slots);
  Result<void> send_terminal(int master);
  Result<void> send_failure(const Failure& failure);

  // the monitor's side
  Result<Packet> receive();
  /** Answers a request, with the slots that have changed since the last answer. */
  Result<void> send_done(ops::Slots& slots);

 private:
  UniqueFd socket_;
};

}  // namespace tspod
