// Launches containers by another OCI runtime: its `create` command leaves a first process behind, which
// becomes our child since we are a subreaper.
#pragma once

#include <sys/types.h>

#include "core/result.h"
#include "core/unique_fd.h"
#include "monitor/init.h"
#include "monitor/monitor.h"
#include "plan/ops.gen.h"

namespace tspod {

struct Adopted {
  pid_t pid = 0;
  UniqueFd pidfd;
  UniqueFd terminal;  // master; invalid without a terminal
};

/**
 * Runs the runtime's `create` to its end, with `streams` as the container's standard streams. ECHILD if the
 * runtime fails; ECANCELED if the engine goes meanwhile (the runtime is then killed, and what it has made is
 * left to the teardown).
 */
Result<Adopted> create_by_runtime(const Monitor& monitor, const plan::Adopt& step,
                                  const ChildStreams& streams);

}  // namespace tspod
