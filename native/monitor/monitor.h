// The monitor of one container, and the seam between its two halves: launching and supervising.
//
// main() receives the plan, calls prepare_supervision(), launches, and hands over to supervise(), which says
// `created` or `started` and may call launch() again for a restart. Only a failed launch is reported by
// main(), after tear_down() and abandon_supervision().
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

#include "core/mapping.h"
#include "core/result.h"
#include "core/unique_fd.h"
#include "monitor/supervision.h"
#include "ops/context.h"
#include "ops/settings.h"
#include "plan/messages.gen.h"
#include "plan/plan.h"

namespace tspod {

/** The state of the monitor; one per process, and nothing else in it is global. */
struct Monitor {
  UniqueFd engine;  // the socket the monitor was spawned with; invalid (closed) once the engine has gone
  std::optional<message::Attach> early_attach;  // sent by the engine before `launch`; not answered yet

  Mapping plan_bytes;   // the whole launch message; unmapped after the launch unless a restart may need it
  plan::Plan plan;      // the whole plan, or the part that is kept
  plan::KeptPlan kept;  // owns what `plan` refers to once plan_bytes is gone
  Mapping next_plan;    // for later launches and the teardown; empty if there is none
  bool launch_forgotten = false;         // what only a launch needs has been released
  std::optional<uint32_t> network_slot;  // holds the network namespace, which stays from launch to launch
  ops::Settings settings;
  ops::Context context;    // slots, procfs
  UniqueFd run_directory;  // O_PATH; invalid without one (an exec)
  UniqueFd null_device;    // of open_null_device()
  Supervision supervision;
};

/** The monitor's ends of the container's standard streams; those that do not go through the monitor are
 * invalid. */
struct StreamEnds {
  UniqueFd in;   // write end of a pipe
  UniqueFd out;  // read ends of pipes
  UniqueFd err;
  UniqueFd terminal;  // master of the pty, in place of all three
};

/** A container whose first process exists. */
struct Launched {
  pid_t pid = 0;
  UniqueFd pidfd;
  uint64_t start_time = 0;  // clock ticks since boot
  uint64_t started_ns = 0;  // CLOCK_REALTIME at exec; 0 while it waits at the gate
  StreamEnds streams;
  UniqueFd handshake;    // valid while it waits at the gate; readable once the container has died
  bool adopted = false;  // made by an OCI runtime: there is no handshake
  bool waits = false;    // adopted, and at the gate
  bool gated() const { return handshake.valid() || waits; }
};

/**
 * Launches the container: runs the prepare steps, clones, and serves the child's requests until it waits at
 * the gate or has executed the command (then the `started` steps have been run too). On failure nothing of
 * the child is left; the teardown is up to the caller. ECANCELED: the engine's socket was closed meanwhile
 * (only while monitor.engine is valid), or, without one, SIGTERM or SIGINT has come (and is still pending).
 */
Result<Launched, Failure> launch(Monitor& monitor);

/** Lets a container that waits at the gate go on to exec, and waits for that. Fails like launch(). */
Result<void, Failure> open_gate(Monitor& monitor, Launched& launched);

/** Returns the slot of the container's network namespace, if the container is connected to networks. */
std::optional<uint32_t> find_network_slot(const plan::Plan& plan);

/**
 * Whether a launch has failed because another container, whose namespaces it was to join, does not run (any
 * more).
 */
bool lacks_donor(Monitor& monitor);

/** Releases the memory and descriptors that only a launch needs. Call when no restart can follow. */
void forget_launch(Monitor& monitor);

/** Runs all teardown steps, whatever fails, and returns the first failure. */
Result<void, Failure> tear_down(Monitor& monitor);
/** Runs the sweep steps, which undo what nobody waits for. */
void sweep(Monitor& monitor);

// --- implemented by the supervising half

/**
 * Prepares supervision before the first launch, when the settings are known: opens the log, binds the attach
 * socket and reserves the space of the exit record, so that nothing is launched that could not be supervised.
 * On failure nothing is left but an empty log.
 */
Result<void> prepare_supervision(Monitor& monitor);

/** Undoes prepare_supervision() and record_clone(), after a first launch that failed. */
void abandon_supervision(Monitor& monitor);

/**
 * Records the child right after the clone, while it is still at work, so that it can be found if the monitor
 * dies.
 */
Result<void> record_clone(Monitor& monitor, const Launched& launched);

/** Writes the state, with the network namespace that the monitor holds by now, into the run directory. */
Result<void> record_state(Monitor& monitor);

/**
 * Records a network namespace that was made with the container, before the command can run: the command may
 * leave it, and the engine must not follow.
 */
Result<void> record_network(Monitor& monitor);

/**
 * Serves clients and streams until the container has ended for good, restarts included. Returns the monitor's
 * exit status.
 */
int supervise(Monitor& monitor, Launched launched);

}  // namespace tspod
