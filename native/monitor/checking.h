// Running the health checks of a container, and doing what follows from them.
//
//   begin -> check -> interval -> check -> ...      until the run ends, or a verdict ends it
//
// A check is a process (check_process.h). Closing its line kills it with all that it has started: at its time
// limit, at the end of the run, and by the kernel when the monitor is killed.
#pragma once

#include <sys/types.h>

#include "monitor/loop.h"

namespace tspod {

/** Makes what a container with checks needs. */
Result<void> set_up_checking(Loop& loop);

/** A run of the container begins: forgets what was counted, and says so in the record. */
void prepare_checking(Loop& loop);

/** The first check of a run. */
void begin_checking(Loop& loop);

/** A client wants a check now, and its result. */
void ask_for_check(Loop& loop, Client& client);

/** Whether a check may have the container launched again, whatever its restart policy. */
bool may_relaunch(const Loop& loop);

/** Whether the launch that is to follow is that of a check. */
bool is_relaunched_by_check(const Loop& loop);

void watch_checks(Loop& loop);
void handle_check_timer(Loop& loop);
void read_check_output(Loop& loop);

/** A child has been reaped; false if it was no check. */
bool check_has_ended(Loop& loop, pid_t pid);

/** The run has ended: so do its checks. */
void end_checking(Loop& loop);

/** Before the monitor leaves: a check that is being killed has some time to vanish. */
void await_check(Loop& loop);

}  // namespace tspod
