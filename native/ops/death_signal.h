// The signal that kills a half-made container when its monitor dies.
#pragma once

#include <sys/prctl.h>

#include <csignal>

#include "core/result.h"
#include "core/sys_process.h"

namespace tspod::ops {

/**
 * Makes this process get SIGKILL when its parent dies. The kernel clears this whenever the process's ids
 * change: then arm it again.
 */
inline Result<void> arm_death_signal() {
  return sys::prctl(PR_SET_PDEATHSIG, SIGKILL, "PDEATHSIG");
}

/** Lets this process outlive its parent from now on. */
inline Result<void> disarm_death_signal() {
  return sys::prctl(PR_SET_PDEATHSIG, 0, "PDEATHSIG");
}

}  // namespace tspod::ops
