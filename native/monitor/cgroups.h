// The cgroups of a container that outlive one of its processes: for the next life, and for a command in them.
#pragma once

#include "core/result.h"
#include "core/sys_process.h"
#include "monitor/monitor.h"

namespace tspod {

/** clone3(2), as the step cloneBeside says. */
Result<sys::Cloned> clone_beside(ops::Context& context, sys::CloneRequest request);

/**
 * Between two lives: ends what the last one has left running, where no pid namespace of its own has done so,
 * and makes the groups anew, without those that it has made in them and without limits, which the next launch
 * writes. They are there all the while, for those who change them meanwhile.
 */
void renew_cgroups(Monitor& monitor);

}  // namespace tspod
