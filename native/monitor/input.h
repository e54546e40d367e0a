// The container's standard input: what clients send, on its way into a pipe or a terminal.
#pragma once

#include <string_view>

#include "core/unique_fd.h"
#include "monitor/buffers.h"

namespace tspod {

/** Clients are not read from while more than this waits for the container to read it. */
inline constexpr size_t kInputQueueBytes = 64 * 1024;

/** What a client that hangs up may leave behind on top of that. */
inline constexpr size_t kInputLegacyBytes = 1024 * 1024;

class Input {
 public:
  /** `descriptor` is non-blocking: the write end of a pipe, or a terminal's master. */
  void open(UniqueFd descriptor, bool terminal);
  /** Closes the descriptor and drops what waits. Of a terminal, the other descriptor keeps it alive. */
  void close();

  /** Whether input is still taken. */
  bool is_open() const { return descriptor_.valid() && !finished_; }
  /** Whether the descriptor is of no more use: to be closed once nobody watches it. */
  bool is_finished() const { return descriptor_.valid() && finished_; }
  int descriptor() const { return descriptor_.get(); }

  /**
   * Passes input on; what the container does not take now waits. Input for one that reads no more is dropped.
   */
  void send(std::string_view bytes);

  /**
   * No more input follows what waits: a pipe is closed. At a terminal in canonical mode its end-of-file
   * character is typed; in another mode nothing could tell a program that there is no more, and nothing is
   * done.
   */
  void end();

  /** Sends what waits. */
  void flush();

  bool has_waiting() const { return !queue_.empty(); }
  bool is_full() const { return queue_.size() > kInputQueueBytes; }
  bool is_overfull() const { return queue_.size() > kInputQueueBytes + kInputLegacyBytes; }

 private:
  void finish();
  void write_waiting();
  bool type_end_of_file();

  UniqueFd descriptor_;
  ByteQueue queue_;
  bool terminal_ = false;
  bool ending_ = false;
  bool finished_ = false;
  bool mid_line_ = false;  // the last byte sent did not end a line
};

}  // namespace tspod
