// Tells how the handshake ended: with exec, or with the death of the first process.
#pragma once

#include <sys/types.h>

#include "core/result.h"
#include "ops/procfs.h"

namespace tspod {

/**
 * Whether a child executed a program (it may have ended since) or died before, once its end of a
 * close-on-exec socket is closed. Waits until that is certain: some kernels (6.1) close the descriptors
 * first, and only then mark the process as one that has executed. A dead child is not reaped.
 */
Result<bool> await_executed(ops::Procfs& proc, pid_t pid, int pidfd);

}  // namespace tspod
