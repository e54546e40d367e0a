// The turns in the life of a container: its command runs, it has
// ended, it is launched again, the monitor leaves.
#pragma once

#include "monitor/loop.h"

namespace tspod {

/** The command runs now: writes that down, sets the time limit, says `started` to those whom it concerns. */
void enter_running(Loop& loop);

/** Says `started`, with the last start. */
void send_started(const Loop& loop, Client& client);

/** Writes the state file anew, which could not be written before. */
void write_status_again(Loop& loop);

/** Reaps all children that have ended, and does what is to be done if the container was among them. */
void reap_children(Loop& loop);

/** Sends a signal to the container's first process, if it lives. */
void send_signal(const Loop& loop, int signal);

/**
 * Kills the run: in a pid namespace of its own, all of the container dies with its first process; an exec is
 * killed with all that it has started.
 */
void kill_run(const Loop& loop);

/** The gate was opened, but the command could not be executed: the launch has cleaned up after itself. */
void end_unstarted(Loop& loop, const Failure& failure);

/** The timer has expired: the time limit, or the delay before a restart. */
void handle_timer(Loop& loop);

/**
 * SIGTERM or SIGINT: whoever sends it wants the container to stop, and gets what `stop` would do, without
 * SIGKILL. It is passed on; a restart is called off; a container that waits at the gate, where nothing could
 * handle a signal, is killed.
 */
void handle_termination(Loop& loop, int signal);

/**
 * Writes the exit record, says `exited`, tears down. What clients have not taken yet is all that is left to
 * do.
 */
void leave(Loop& loop, const std::string& error = {});

}  // namespace tspod
