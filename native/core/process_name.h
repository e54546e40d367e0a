// How a process is named where it may have ended by the time that somebody looks.
#pragma once

#include <cstdint>

namespace tspod {

/**
 * A process as it can be told from a later one with the same number. `start_time` is in clock ticks since
 * boot.
 */
struct ProcessName {
  int32_t pid = 0;
  uint64_t start_time = 0;
};

}  // namespace tspod
