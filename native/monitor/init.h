// The container's first process, from the clone to exec.
#pragma once

#include <array>

#include "core/unique_fd.h"
#include "monitor/handshake.h"
#include "monitor/monitor.h"

namespace tspod {

/** What the first process has as 0, 1 and 2: pipes, descriptors of slots, or /dev/null. */
using ChildStreams = std::array<int, 3>;

/** Runs the init steps, of which the last is exec. Does not return: a failure is told to the monitor. */
[[noreturn]] void run_init(Monitor& monitor, Channel channel, const ChildStreams& streams);

}  // namespace tspod
