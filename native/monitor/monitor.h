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

/** One per process; nothing else in the monitor is global. */
struct Monitor {
  UniqueFd engine;  // the socket that the monitor was spawned with; closed (invalid) once the engine has gone
  std::optional<message::Attach> early_attach;  // asked for by the engine before `launch`: not answered yet

  Mapping plan_bytes;   // the whole launch message; given back after the launch unless a restart may need it
  plan::Plan plan;      // all of it, or what is kept
  plan::KeptPlan kept;  // owns what `plan` shows once plan_bytes is gone
  Mapping next_plan;    // for launches to come, and the teardown; empty without one
  bool launch_forgotten = false;         // descriptors that only a launch needs have been given back
  std::optional<uint32_t> network_slot;  // with the network namespace, which stays from launch to launch
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
  UniqueFd handshake;    // valid while it waits at the gate; readable or at its end: the container died
  bool adopted = false;  // an OCI runtime made it: nobody answers a handshake
  bool waits = false;    // adopted, and at the gate
  bool gated() const { return handshake.valid() || waits; }
};

/**
 * Runs the prepare steps, clones, serves the child's requests, until the child waits at the gate or has
 * executed the command (then the `started` steps have been run too). On failure nothing of the child is left;
 * teardown is the caller's. ECANCELED: the engine's socket was closed meanwhile (only while monitor.engine is
 * valid), or, without one, SIGTERM or SIGINT has come (and still waits).
 */
Result<Launched, Failure> launch(Monitor& monitor);

/** Lets a container that waits at the gate go on to exec, and waits for that. On failure as launch(). */
Result<void, Failure> open_gate(Monitor& monitor, Launched& launched);

/** The slot with the container's network namespace, where that is made before the container, or the teardown
 * has to do with it. */
std::optional<uint32_t> find_network_slot(const plan::Plan& plan);

/** After a launch that failed: whether that is because another container, whose namespaces it was to join,
 * does not run (any more). */
bool lacks_donor(Monitor& monitor);

/** Gives back the memory and descriptors that only a launch needs. Call when no restart can follow. */
void forget_launch(Monitor& monitor);

/** Runs the teardown steps, whatever fails; the first failure. */
Result<void, Failure> tear_down(Monitor& monitor);
/** Undoes what nobody waits for. */
void sweep(Monitor& monitor);

// --- implemented by the supervising half

/**
 * Before the first launch, when the settings are known: opens the log, binds the attach socket and takes the
 * space of the exit record, so that nothing is launched that could not be supervised. On failure nothing of
 * it is left but an empty log.
 */
Result<void> prepare_supervision(Monitor& monitor);

/** Takes prepare_supervision() and record_clone() back, after a first launch that failed. */
void abandon_supervision(Monitor& monitor);

/** Right after the clone, while the child still works: write down who it is, so that it can be found if the
 * monitor dies. */
Result<void> record_clone(Monitor& monitor, const Launched& launched);

/** Serves clients, streams and the end of the container, restarts included; the exit status of the monitor.
 */
int supervise(Monitor& monitor, Launched launched);

}  // namespace tspod
