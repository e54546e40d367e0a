// Turns a container's output into the records of a log format. Pure: no system call, no allocation.
//
// Both formats are byte exact: what the container wrote can be put together again from the records.
//
// k8s-file, one line each:   2006-01-02T15:04:05.123456789+00:00 stdout F the line
//   `F` ends with the newline that the container wrote, `P` (partial) does not: concatenating the contents,
//   with a newline after each F, gives the stream back. Contents are raw bytes.
// json-file, one line each:  {"log":"the line\n","stream":"stdout","time":"2006-01-02T15:04:05.123456789Z"}
//   A partial record has no "\n" at the end of `log`. Bytes that are not valid UTF-8 are written as lone low
//   surrogates, byte 0xNN as "\udcNN" (the scheme of Python's "surrogateescape"): valid JSON, one character
//   for each such byte, turned into U+FFFD by readers that do not know it, and lossless for those that do,
//   since no other input yields a lone surrogate.
//
// A record holds at most kMaxRecordContent bytes of content; longer lines are split into partial ones.
#pragma once

#include <time.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace tspod {

enum class LogStream : uint8_t { kStdout = 0, kStderr = 1 };

/** Bytes of output in one record. Docker and containerd split at the same size. */
inline constexpr size_t kMaxRecordContent = 16 * 1024;

/** Every record fits into this: escaping makes at most six characters of a byte. */
inline constexpr size_t kMaxRecordBytes = 6 * (kMaxRecordContent + 4) + 128;

/** A time as text, `2006-01-02T15:04:05.123456789`; made once for all that one read returned. */
class LogTime {
 public:
  static constexpr size_t kLength = 29;

  explicit LogTime(const timespec& realtime);

  std::string_view text() const { return {text_.data(), kLength}; }

 private:
  std::array<char, kLength> text_;
};

/** The bytes of a character whose end has not been read yet, at most three. Used by json-file only. */
struct SplitCharacter {
  std::array<char, 4> bytes{};
  uint8_t size = 0;
};

/**
 * Writes records for as much of `input` as fits, and removes that from its front; returns the number of bytes
 * written. `out` must have room for kMaxRecordBytes. Call again while `input` is not empty.
 */
size_t format_k8s_records(std::string_view& input, LogStream stream, const LogTime& time,
                          std::span<char> out);

/**
 * Like format_k8s_records; `split` carries an unfinished UTF-8 character from one call for a stream to the
 * next.
 */
size_t format_json_records(std::string_view& input, LogStream stream, const LogTime& time,
                           SplitCharacter& split, std::span<char> out);

/**
 * Writes the record for a character that the stream ended in the middle of; returns its length, 0 if there is
 * none.
 */
size_t format_json_end(LogStream stream, const LogTime& time, SplitCharacter& split, std::span<char> out);

}  // namespace tspod
