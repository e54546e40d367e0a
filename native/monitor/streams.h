// The container's standard streams: its output goes into the log and to the clients, and what these send
// becomes its input.
#pragma once

#include "monitor/loop.h"

namespace tspod {

/**
 * Takes over the stream ends of a container that has just been launched, as far as they exist: a terminal may
 * come after the gate.
 */
void open_streams(Loop& loop);

/** Sets the terminal to the size that a client asked for last, even if that was in an earlier run. */
void resize_terminal(const Loop& loop);

/** Ends the input at the start of the command if no client is there to send any and it is not kept open. */
void settle_input(Loop& loop);

/** Reads what an output holds, up to a limit that keeps the loop fair. */
void pump(Loop& loop, Output& output);

/**
 * Reads what the outputs still hold after the container's end, and closes them. Processes that have outlived
 * it (only without a pid namespace) may keep them open and go on writing: no more is read than can have been
 * written before.
 */
void drain_and_close_streams(Loop& loop);

/** Closes the terminal: its session gets SIGHUP. */
void hang_up_terminal(Loop& loop);

/** Returns the events to wait for on an output now. */
uint32_t events_of(const Loop& loop, const Output& output);

}  // namespace tspod
