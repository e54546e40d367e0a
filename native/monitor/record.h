// The files in which a monitor records what became of its container: `state`, `exit` and `end-N` in the run
// directory. One `key value` per line, in the order of docs/state.md; a reader sees an old file or a new one,
// never half of one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/process_name.h"

namespace tspod {

enum class ContainerStatus { kCreated, kRunning, kWaiting };

struct StateRecord {
  ProcessName monitor{};
  ProcessName init{};
  ContainerStatus status = ContainerStatus::kCreated;
  uint64_t started_ns = 0;  // CLOCK_REALTIME; 0 before the first start
  uint32_t restarts = 0;
  uint64_t network_namespace = 0;  // inode of the one that the monitor holds; 0: none
};

struct ExitRecord {
  int32_t code = -1;  // -1: unknown; 128 + signal if a signal ended it
  uint32_t signal = 0;
  bool oom_killed = false;
  bool timed_out = false;
  uint64_t started_ns = 0;
  uint64_t finished_ns = 0;
  uint32_t restarts = 0;
  std::string health;  // of the last check (summarize_health), if a check ended the run; else empty
  std::string error;   // why a restart failed; empty if none did
};

/** Maximum length of a record; the space for the exit record is reserved when the container starts. */
inline constexpr size_t kMaxExitRecordBytes = 1024;

/** Maximum number of `end-N` records kept for a reader: a container may fail every minute for a year. */
inline constexpr uint32_t kMaxEndRecords = 256;

std::string format_state(const StateRecord& record);

/**
 * Returns the text of an exit record: at most kMaxExitRecordBytes, with the error's words cut and on one
 * line.
 */
std::string format_exit(const ExitRecord& record);

}  // namespace tspod
