// The files by which a monitor tells what became of its container: `state`, `exit` and `end-N` in the
// run directory. One `key value` a line, in the order of docs/state.md; a
// reader sees an old file or a new one, never half of one.
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
};

struct ExitRecord {
  int32_t code = -1;  // -1: unknown; 128 + signal if a signal ended it
  uint32_t signal = 0;
  bool oom_killed = false;
  bool timed_out = false;
  uint64_t started_ns = 0;
  uint64_t finished_ns = 0;
  uint32_t restarts = 0;
  std::string health;  // of the last check (summarize_health), if the run ended because of it; else empty
  std::string error;   // why a restart failed; empty if none did
};

/** No record is longer: the space for the last one is taken when the container starts. */
inline constexpr size_t kMaxExitRecordBytes = 1024;

/** Ends before a restart that are kept for a reader: a container may fail every minute for a year. */
inline constexpr uint32_t kMaxEndRecords = 256;

std::string format_state(const StateRecord& record);

/** The text of an exit record: at most kMaxExitRecordBytes, the error's words shortened and on one line. */
std::string format_exit(const ExitRecord& record);

}  // namespace tspod
