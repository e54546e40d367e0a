// Names a process that may have ended by the time somebody looks for it.
#pragma once

#include <cstdint>

namespace tspod {

/**
 * A pid with the start time of its process, in clock ticks since boot, which tells the process from a later
 * one that has the same pid.
 */
struct ProcessName {
  int32_t pid = 0;
  uint64_t start_time = 0;
};

}  // namespace tspod
