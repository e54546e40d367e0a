// The signal that ends a half made container when its monitor dies.
#pragma once

#include <sys/prctl.h>

#include <csignal>

#include "core/result.h"
#include "core/sys_process.h"

namespace tspod::ops {

/** SIGKILL to this process when its parent dies. The kernel forgets it whenever the process's ids change:
 * then arm it again. */
inline Result<void> arm_death_signal() {
  return sys::prctl(PR_SET_PDEATHSIG, SIGKILL, "PDEATHSIG");
}

/** From now on this process outlives its parent. */
inline Result<void> disarm_death_signal() {
  return sys::prctl(PR_SET_PDEATHSIG, 0, "PDEATHSIG");
}

}  // namespace tspod::ops
