// Another plan for a container that has been launched: limits, environment or restart policy were changed.
#pragma once

#include "core/result.h"
#include "monitor/loop.h"

namespace tspod {

/**
 * Takes the plan in the file `next` of the run directory: its restart policy counts at once, the rest from
 * the next launch on, and its teardown at the end. EBADF if a restart would need descriptors that were given
 * back after the launch.
 */
Result<void, Failure> take_next_plan(Loop& loop);

/** Makes the plan that was taken, if any, the one to carry out. Not while the container runs. */
Result<void, Failure> adopt_next_plan(Monitor& monitor);

}  // namespace tspod
