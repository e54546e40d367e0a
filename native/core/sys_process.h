// System calls on processes: creating, signalling and waiting for them.
#pragma once

#include <sys/types.h>
#include <sys/wait.h>

#include <cstdint>

#include "core/result.h"
#include "core/unique_fd.h"

namespace tspod::sys {

struct CloneRequest {
  uint64_t flags = 0;  // CLONE_* bits
  int cgroup = -1;     // for CLONE_INTO_CGROUP
};
struct Cloned {
  pid_t pid = 0;  // 0 in the child
  UniqueFd pidfd;
};
/**
 * Calls clone3(2) like fork(2): the child continues here with a copy of the memory. A pidfd is always made.
 */
Result<Cloned> clone3(const CloneRequest& request);

Result<void> setns(int fd, int flags);
Result<void> unshare(int flags);
Result<UniqueFd> pidfd_open(pid_t pid);
Result<void> pidfd_send_signal(int pidfd, int signal);

/** How a process ended. */
struct Ending {
  int code = 0;    // of an exit; 0 if a signal ended it
  int signal = 0;  // 0 if it exited
};
/** Waits for a child to end, and reaps it. */
Result<Ending> wait_for(int pidfd);
/** Whether a child has ended. Does not reap it. */
Result<bool> has_ended(int pidfd);

Result<void> prctl(int option, unsigned long argument, const char* name);

}  // namespace tspod::sys
