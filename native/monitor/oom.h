// Tells whether the kernel has killed a process of the container because its cgroup ran out of memory.
#pragma once

#include <cstdint>
#include <string_view>

#include "monitor/monitor.h"

namespace tspod {

/**
 * Returns the number of OOM kills in the container's cgroup so far; 0 if the plan does not say where they are
 * counted, or if that cannot be read.
 */
uint64_t count_oom_kills(const Monitor& monitor);

/** Returns the number after `key` in lines of "key number"; 0 if the key is not there. */
uint64_t find_counter(std::string_view text, std::string_view key);

}  // namespace tspod
