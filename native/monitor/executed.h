// How the handshake ended: with exec, or with the death of the first process.
#pragma once

#include <sys/types.h>

#include "core/result.h"
#include "ops/procfs.h"

namespace tspod {

/**
 * Whether a child of ours whose side of a close-on-exec socket has ended executed a program (it may have
 * ended by now) or died before that. Waits until it is one or the other: some kernels (6.1) close the
 * descriptors first, and only then mark the process as one that has executed. What has died is not reaped.
 */
Result<bool> await_executed(ops::Procfs& proc, pid_t pid, int pidfd);

}  // namespace tspod
