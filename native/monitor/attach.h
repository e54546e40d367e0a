// Serving clients: taking connections in, and doing what their messages say.
#pragma once

#include "monitor/loop.h"

namespace tspod {

/**
 * Makes the socket that the monitor was spawned with a client like others; answers an `attach` that came
 * before the launch.
 */
void adopt_engine(Loop& loop);

/** Takes in who connects to the attach socket. */
void accept_clients(Loop& loop);

/** Something happened on a client's socket. */
void serve_client(Loop& loop, const Event& event);

/** Forgets clients that are gone, with what their going means for the container's input. */
void sweep_clients(Loop& loop);

/** What to wait for on a client's socket now. */
uint32_t events_of(const Loop& loop, const Client& client);

}  // namespace tspod
