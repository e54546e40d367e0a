// The cgroups of a container that stay when one of its processes has ended: for its next run, and for
// commands that are started in them.
#pragma once

#include "core/result.h"
#include "core/sys_process.h"
#include "monitor/monitor.h"

namespace tspod {

/**
 * Calls clone3(2) as the step cloneBeside says: where the kernel refuses the requested cgroup with EBUSY,
 * into the cgroup of the process in `beside_slot`.
 */
Result<sys::Cloned> clone_beside(ops::Context& context, sys::CloneRequest request);

/**
 * Cleans the container's cgroups up between two runs: ends what the last run has left running, where it had
 * no pid namespace whose end did so, and makes the cgroups anew, without the ones that the container made in
 * them and without limits, which the next launch writes. They exist again at once, for those who change them
 * meanwhile.
 */
void renew_cgroups(Monitor& monitor);

}  // namespace tspod
