// Serves clients: accepts their connections and carries out their messages.
#pragma once

#include "monitor/loop.h"

namespace tspod {

/**
 * Makes the socket that the monitor was spawned with a client like the others, and answers an `attach` that
 * came before the launch.
 */
void adopt_engine(Loop& loop);

/** Accepts connections to the attach socket. */
void accept_clients(Loop& loop);

/** Handles an event on a client's socket. */
void serve_client(Loop& loop, const Event& event);

/** Removes clients that are gone; the last one with standard input may end the container's input. */
void sweep_clients(Loop& loop);

/** Returns the events to wait for on a client's socket now. */
uint32_t events_of(const Loop& loop, const Client& client);

}  // namespace tspod
