// The container's first process, from the clone to exec.
#pragma once

#include <array>

#include "core/unique_fd.h"
#include "monitor/handshake.h"
#include "monitor/monitor.h"

namespace tspod {

/** The first process's descriptors 0, 1 and 2: pipes, descriptors of slots, or /dev/null. */
using ChildStreams = std::array<int, 3>;

/** Runs the init steps, of which the last is exec. Does not return; reports a failure to the monitor. */
[[noreturn]] void run_init(Monitor& monitor, Channel channel, const ChildStreams& streams);

}  // namespace tspod
