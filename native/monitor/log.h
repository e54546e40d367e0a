// The container's log: its output becomes records in a file.
//
// A full disk (or any other write error) does not stop the container: records that cannot be written are
// dropped and counted; before the next record that fits, a remark is written as if on stderr: "[tspod] N log
// records (N bytes) lost: REASON". A slow disk slows the container down, as its pipe fills. A disk that hangs
// for ever hangs the monitor with it: there is one thread.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "monitor/buffers.h"
#include "monitor/log_file.h"
#include "monitor/log_format.h"
#include "ops/settings.h"

namespace tspod {

class Log {
 public:
  /** Opens the log. Without this call nothing is kept. */
  Result<void> open(const ops::LogSettings& settings);

  /**
   * Writes records for a piece of the stream. A piece that does not end with a newline ends with a partial
   * record.
   */
  void write(LogStream stream, std::string_view text);

  /** Writes the unfinished ends of the streams. Call when the container has ended. */
  void end_streams();

  Result<void> reopen();

  /** Unmaps the memory that only writing needs. */
  void trim() { scratch_.release(); }
  bool holds_memory() const { return scratch_.held(); }

 private:
  size_t format(std::string_view& text, LogStream stream, const LogTime& time, std::span<char> out);
  void append(std::string_view records);
  bool append_remark();
  SplitCharacter& split_of(LogStream stream) { return split_[static_cast<size_t>(stream)]; }

  plan::LogDriver driver_ = plan::LogDriver::kNone;
  std::optional<LogFile> file_;  // none if the driver keeps nothing
  ScratchBuffer scratch_{kScratchBytes};
  std::array<SplitCharacter, 2> split_;
  uint64_t lost_records_ = 0;
  uint64_t lost_bytes_ = 0;
  int lost_because_ = 0;

  static constexpr size_t kScratchBytes = 256 * 1024;
  static constexpr size_t kMaxRemarkBytes = 2048;
};

}  // namespace tspod
