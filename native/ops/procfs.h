// A procfs that cannot have been tampered with, for writes that must reach the kernel and nothing else.
//
// Writes below /proc by path can be redirected: whoever controls the mount namespace may have mounted
// something over the file (CVE-2019-16884, CVE-2025-52881). So the procfs is opened once, before anything of
// the container is entered, it is checked to be a procfs, and each file is opened beneath it without crossing
// another mount and without magic links.
#pragma once

#include <sys/types.h>

#include <string_view>

#include "core/process_name.h"
#include "core/result.h"
#include "core/unique_fd.h"

namespace tspod::ops {

class Procfs {
 public:
  /**
   * Opens /proc of the caller's namespaces, for callers that are about to leave them. Otherwise the first use
   * opens it.
   */
  Result<void> open();

  /** Opens a file by its path below /proc. ("self" is the caller, also in another pid namespace.) */
  Result<UniqueFd> open_file(const char* path, int flags);

  /** Writes `value` with one write(2). */
  Result<void> write(const char* path, std::string_view value);

  /** Opens a namespace: `process` is a pid, "self" or "thread-self", `kind` a name under /proc/PID/ns. */
  Result<UniqueFd> open_namespace(const char* process, const char* kind);

  /** Returns the start time of a process in clock ticks since boot: field 22 of its stat file. */
  Result<uint64_t> start_time(pid_t pid);

  /** Whether a process has ended or is about to. Its namespaces end first: nobody can join them any more. */
  Result<bool> is_ending(const ProcessName& process);

  /**
   * Returns the pid of the process of a pidfd that the caller holds, as this procfs numbers it; ESRCH if the
   * process was reaped.
   */
  Result<pid_t> pid_of(int pidfd);

  /**
   * Whether a process has executed a program since it was forked; also for one that has ended and is not
   * reaped.
   */
  Result<bool> has_executed(pid_t pid);

  /** Closes the procfs. The next use opens it anew, in the namespaces of that time. */
  void close() { root_.reset(); }

  /** Returns the descriptor of the procfs, or -1; for callers that close all other descriptors. */
  int fd() const { return root_.get(); }

 private:
  Result<uint64_t> stat_field(pid_t pid, int number);

  UniqueFd root_;
};

}  // namespace tspod::ops
