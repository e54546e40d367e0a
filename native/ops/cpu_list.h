// CPU lists as in cpuset(7): "0-3,8".
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace tspod::ops {

/**
 * Parses a list of CPUs into one bit for each, as sched_setaffinity(2) takes them; nullopt if the text is no
 * list of CPUs below 8192.
 */
std::optional<std::vector<unsigned long>> parse_cpu_list(std::string_view text);

}  // namespace tspod::ops
