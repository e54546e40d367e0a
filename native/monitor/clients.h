// The clients of a monitor: the engine that spawned it, and whoever connects to the attach socket.
//
// Each has a queue of bytes on their way to it. While a queue is long the monitor stops reading the
// container's output, so that nothing is lost and nothing grows. A client that is gone is dropped with its
// queue.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "core/unique_fd.h"
#include "monitor/buffers.h"
#include "monitor/log_format.h"
#include "monitor/message_reader.h"
#include "monitor/poller.h"
#include "plan/messages.gen.h"

namespace tspod {

/**
 * Length in bytes from which on a queue stops the container's output. A queue may exceed it by what one read
 * returns.
 */
inline constexpr size_t kClientQueueBytes = 256 * 1024;

/** Maximum number of attached clients, each of which may have a queue; another one is refused. */
inline constexpr size_t kMaxAttached = 256;

/**
 * Maximum number of connections: the next one takes the place of one that only listens. Twice kMaxAttached,
 * so that there is one.
 */
inline constexpr size_t kMaxClients = 512;

struct Client {
  Client(uint32_t id, UniqueFd connected)
      : socket(std::move(connected)), watch{.source = Source::kClient, .id = id, .fd = socket.get()} {}

  UniqueFd socket;
  Watch watch;
  MessageReader reader;
  ByteQueue outgoing;
  bool wants_stdout = false;
  bool wants_stderr = false;
  bool may_send_stdin = false;
  bool asked_for_start = false;
  bool asked_for_check = false;  // a check is to be started for it
  bool awaits_check = false;     // it gets the result of the running check
  bool deaf = false;             // receives nothing any more; what it has sent is still read
  bool gone = false;             // removed by the next sweep()

  bool attached() const { return wants_stdout || wants_stderr || may_send_stdin; }
  /**
   * Whether the client only waits for the container's end, which it can also find out without the monitor.
   */
  bool only_listens() const {
    return !attached() && !asked_for_start && !asked_for_check && !awaits_check && outgoing.empty();
  }
  bool wants(LogStream stream) const { return stream == LogStream::kStdout ? wants_stdout : wants_stderr; }
};

/**
 * Sends `head` and `body`, and queues what the socket does not take now. A client that has hung up becomes
 * deaf.
 */
void send_or_queue(Client& client, std::string_view head, std::string_view body = {});

/** Sends queued bytes, as many as the socket takes. */
void flush(Client& client);

template <typename Message> void send_message(Client& client, const Message& message) {
  wire::Writer writer;
  encode(writer, message);
  wire::Writer frame;
  frame.number(static_cast<uint32_t>(writer.bytes().size()));
  frame.number(static_cast<uint32_t>(Message::kType));
  frame.raw(writer.bytes());
  send_or_queue(client, frame.bytes());
}

class Clients {
 public:
  /** Adds a connection; null if there are too many and none that only listens can be dropped for it. */
  Client* add(UniqueFd socket);
  /** Drops the oldest client that only listens; false if there is none. */
  bool dismiss_listener();
  Client* find(uint32_t id);

  /** Removes the clients that are gone; calls `leaving(Client&)` for each before. */
  template <typename Leaving> void sweep(Leaving&& leaving) {
    for (size_t i = 0; i < all_.size();) {
      if (!all_[i]->gone) {
        ++i;
        continue;
      }
      leaving(*all_[i]);
      all_.erase(all_.begin() + static_cast<ptrdiff_t>(i));
    }
  }

  /** Sends a piece of output to all clients that want the stream. */
  void send_output(LogStream stream, std::string_view data);

  /** Whether a client that wants the stream is so far behind that no more of it should be read. */
  bool are_behind(LogStream stream) const;

  size_t count_attached() const;
  bool any_unsent() const;
  bool any_with_stdin() const;
  bool empty() const { return all_.empty(); }

  template <typename Use> void for_each(Use&& use) {
    for (const std::unique_ptr<Client>& client : all_) use(*client);
  }

 private:
  std::vector<std::unique_ptr<Client>> all_;
  uint32_t last_id_ = 0;
};

}  // namespace tspod
