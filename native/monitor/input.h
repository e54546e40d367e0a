// The container's standard input: bytes from clients, on their way into a pipe or a terminal.
#pragma once

#include <string_view>

#include "core/unique_fd.h"
#include "monitor/buffers.h"

namespace tspod {

/** Number of waiting bytes above which no more is read from clients, until the container has read some. */
inline constexpr size_t kInputQueueBytes = 64 * 1024;

/** Additional bytes that are still accepted from clients that have hung up. */
inline constexpr size_t kInputLegacyBytes = 1024 * 1024;

class Input {
 public:
  /**
   * Begins to write to `descriptor`, which is non-blocking: the write end of a pipe, or a terminal's master.
   */
  void open(UniqueFd descriptor, bool terminal);
  /**
   * Closes the descriptor and drops the waiting bytes. A terminal stays open through its other descriptor.
   */
  void close();

  /** Whether input is still taken. */
  bool is_open() const { return descriptor_.valid() && !finished_; }
  /** Whether the descriptor is no longer of use, and can be closed once nobody watches it. */
  bool is_finished() const { return descriptor_.valid() && finished_; }
  int descriptor() const { return descriptor_.get(); }

  /**
   * Writes input; what the container does not take now waits. Input for a container that reads no more is
   * dropped.
   */
  void send(std::string_view bytes);

  /**
   * Ends the input after the waiting bytes: a pipe is closed; at a terminal in canonical mode the end-of-file
   * character is typed. In another mode nothing could tell a program that there is no more, and nothing is
   * done.
   */
  void end();

  /** Writes the waiting bytes. */
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
