// Replaces the plan of a launched container whose limits, environment or restart policy were changed.
#pragma once

#include "core/result.h"
#include "monitor/loop.h"

namespace tspod {

/**
 * Reads the plan in the file `next` of the run directory: its restart policy applies at once, the rest from
 * the next launch on, and its teardown at the end. EBADF if a restart would need descriptors that were closed
 * after the launch.
 */
Result<void, Failure> take_next_plan(Loop& loop);

/** Puts the plan that was read, if any, in the place of the current one. Not while the container runs. */
Result<void, Failure> adopt_next_plan(Monitor& monitor);

}  // namespace tspod
