// Those who talk to the monitor: the engine that made it, and whoever connects to the attach socket.
//
// Each has a queue of what is on its way to it. A queue that is long makes the monitor stop reading what the
// container writes, so nothing is lost and nothing grows; a client that is gone is forgotten with its queue.
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

/** A longer queue stops the container's output. It may grow past this by what one read returns. */
inline constexpr size_t kClientQueueBytes = 256 * 1024;

/** Who asks to be attached besides so many is refused: each may have a queue. */
inline constexpr size_t kMaxAttached = 256;

/**
 * With so many connections the next takes the place of one that says nothing. Twice as many as may be
 * attached, so that there is one.
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
  bool asked_for_check = false;  // one is to be started for it
  bool awaits_check = false;     // the one that runs is its
  bool deaf = false;             // takes nothing any more, but what it has sent is still read
  bool gone = false;             // forgotten at the next sweep()

  bool attached() const { return wants_stdout || wants_stderr || may_send_stdin; }
  /** It waits for the end, and can find that out by itself. */
  bool only_listens() const {
    return !attached() && !asked_for_start && !asked_for_check && !awaits_check && outgoing.empty();
  }
  bool wants(LogStream stream) const { return stream == LogStream::kStdout ? wants_stdout : wants_stderr; }
};

/** Sends bytes, or queues what the socket does not take now. A client that has hung up becomes deaf. */
void send_or_queue(Client& client, std::string_view head, std::string_view body = {});

/** Sends what is queued, as far as the socket takes it. */
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
  /** Takes a connection in; nullptr if there are too many, and nobody can go for it. */
  Client* add(UniqueFd socket);
  /** Lets the one go that has only listened for longest; false if there is none. */
  bool dismiss_listener();
  Client* find(uint32_t id);

  /** Forgets those that are gone; calls `leaving(Client&)` first for each. */
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

  /** Sends a piece of output to all who want the stream. */
  void send_output(LogStream stream, std::string_view data);

  /** Whether somebody who wants the stream is so far behind that no more of it should be read. */
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
