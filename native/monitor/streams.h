// The container's standard streams: what it writes goes into the log and
// to the clients, what they send becomes its input.
#pragma once

#include "monitor/loop.h"

namespace tspod {

/**
 * Takes over the ends of a container that has just been launched, as far as they are there: a terminal may
 * come after the gate.
 */
void open_streams(Loop& loop);

/** Gives the terminal the size that a client asked for last, also of an earlier run. */
void resize_terminal(const Loop& loop);

/** The command runs now: ends an input that nobody is there to give. */
void settle_input(Loop& loop);

/** Reads what an output holds, up to a bound that keeps the loop fair. */
void pump(Loop& loop, Output& output);

/**
 * Reads what the outputs still hold after the container's end, and closes them. Processes that have outlived
 * it (only without a pid namespace) may keep them open and go on writing: no more is read than can have been
 * written before.
 */
void drain_and_close_streams(Loop& loop);

/** Hangs the terminal up: its session gets SIGHUP. */
void hang_up_terminal(Loop& loop);

/** What to wait for on an output now. */
uint32_t events_of(const Loop& loop, const Output& output);

}  // namespace tspod
