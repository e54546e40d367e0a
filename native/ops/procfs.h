// A procfs that nobody can have tampered with, for writes that must reach the kernel and nothing else.
//
// Writes below /proc by path can be led astray: whoever controls the mount namespace may have mounted
// something over the file (CVE-2019-16884, CVE-2025-52881). So the procfs is opened once, before anything of
// the container is entered, is checked to be one, and each file is opened beneath it without crossing another
// mount and without magic links.
#pragma once

#include <sys/types.h>

#include <string_view>

#include "core/process_name.h"
#include "core/result.h"
#include "core/unique_fd.h"

namespace tspod::ops {

class Procfs {
 public:
  /** Opens /proc, in the namespaces of the caller; for those that are about to leave them. Done by the first
   * use otherwise. */
  Result<void> open();

  /** Opens a file by its path below /proc. ("self" is the caller, also in another pid namespace.) */
  Result<UniqueFd> open_file(const char* path, int flags);

  /** Writes `value` with one write(2). */
  Result<void> write(const char* path, std::string_view value);

  /** Opens a namespace: `process` is a pid, "self" or "thread-self", `kind` a name under /proc/PID/ns. */
  Result<UniqueFd> open_namespace(const char* process, const char* kind);

  /** The start time of a process in clock ticks since boot: field 22 of its stat file. */
  Result<uint64_t> start_time(pid_t pid);

  /** Whether a process has ended or is about to: its namespaces go first, and nobody can join them any more.
   */
  Result<bool> is_ending(const ProcessName& process);

  /** The process that a pidfd of the caller's is for, numbered as this procfs does; ESRCH if it was reaped.
   */
  Result<pid_t> pid_of(int pidfd);

  /** Whether a process has executed a program since it was forked; also of one that has ended and was not
   * reaped. */
  Result<bool> has_executed(pid_t pid);

  /** Lets go of it; the next use opens it anew, in the namespaces of then. */
  void close() { root_.reset(); }

  /** The descriptor of the procfs, or -1: for those who close all others. */
  int fd() const { return root_.get(); }

 private:
  Result<uint64_t> stat_field(pid_t pid, int number);

  UniqueFd root_;
};

}  // namespace tspod::ops
