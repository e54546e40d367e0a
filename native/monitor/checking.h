// Runs the health checks of a container, and acts on their results.
//
// A check is a process (check_process.h). Closing its line kills it with all that it has started: the monitor
// does so at its time limit and at the end of the run, and the kernel when the monitor is killed.
#pragma once

#include <sys/types.h>

#include "monitor/loop.h"

namespace tspod {

/** Sets up the loop for checks, if the container has any. */
Result<void> set_up_checking(Loop& loop);

/** Prepares for a new run of the container: resets the counters and the record. */
void prepare_checking(Loop& loop);

/** Starts the first check of a run. */
void begin_checking(Loop& loop);

/** Runs a check for a client that wants one now, and its result. */
void ask_for_check(Loop& loop, Client& client);

/** Whether a check may have the container launched again, whatever its restart policy. */
bool may_relaunch(const Loop& loop);

/** Whether the next launch is one that a check has caused. */
bool is_relaunched_by_check(const Loop& loop);

void watch_checks(Loop& loop);
void handle_check_timer(Loop& loop);
void read_check_output(Loop& loop);

/** Handles the end of a reaped child; returns false if it was no check. */
bool check_has_ended(Loop& loop, pid_t pid);

/** Ends the checks of a run that has ended. */
void end_checking(Loop& loop);

/**
 * Waits, for a limited time, until a check that is being killed has ended. Call before the monitor leaves.
 */
void await_check(Loop& loop);

}  // namespace tspod
