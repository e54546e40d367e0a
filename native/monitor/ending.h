// Transitions in the life of a container: its command runs, it has ended, it is launched again, the monitor
// leaves.
#pragma once

#include "monitor/loop.h"

namespace tspod {

/**
 * Enters the running phase: records it, sets the time limit, and sends `started` to the clients that are
 * attached or asked for the start.
 */
void enter_running(Loop& loop);

/** Sends `started` to a client, with the time of the last start. */
void send_started(const Loop& loop, Client& client);

/** Writes the state file, also after an attempt that failed. */
void write_status_again(Loop& loop);

/** Reaps all children that have ended; ends the run if the container's first process was among them. */
void reap_children(Loop& loop);

/** Sends a signal to the container's first process, if it lives. */
void send_signal(const Loop& loop, int signal);

/**
 * Kills the current run. In a pid namespace of its own all of the container dies with its first process; an
 * exec is killed with all that it has started.
 */
void kill_run(const Loop& loop);

/**
 * Ends a container whose gate was opened but whose command could not be executed. The launch has cleaned up
 * after itself.
 */
void end_unstarted(Loop& loop, const Failure& failure);

/** Handles the expiry of the timer: the time limit, or the delay before a restart. */
void handle_timer(Loop& loop);

/**
 * Handles SIGTERM or SIGINT to the monitor: the sender wants the container to stop, and gets what `stop`
 * would do, without SIGKILL. The signal is passed on and restarts are called off. A container that waits at
 * the gate, where nothing could handle a signal, is killed.
 */
void handle_termination(Loop& loop, int signal);

/**
 * Writes the exit record, sends `exited` and runs the teardown. Afterwards only what clients have not
 * received yet is left to do.
 */
void leave(Loop& loop, const std::string& error = {});

}  // namespace tspod
