#include "monitor/executed.h"

#include <poll.h>

#include "core/sys.h"

namespace tspod {
namespace {

/**
 * Time in ms between two looks at a process that is about to be marked as executed: nothing announces the
 * mark.
 */
constexpr int kLookMs = 1;

/** Waits kLookMs at most; whether the process has ended. */
Result<bool> ends_soon(int pidfd) {
  pollfd end{pidfd, POLLIN, 0};
  const int ready = sys::retry([&] { return ::poll(&end, 1, kLookMs); });
  TRY(sys::check(ready, "poll"));
  return ready > 0;
}

}  // namespace

Result<bool> await_executed(ops::Procfs& proc, pid_t pid, int pidfd) {
  for (;;) {
    if (TRY(proc.has_executed(pid))) return true;
    // The mark of a process that has ended does not change any more.
    if (TRY(ends_soon(pidfd))) return proc.has_executed(pid);
  }
}

}  // namespace tspod
