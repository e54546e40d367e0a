#include "core/sys_process.h"

#include <linux/sched.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "core/sys.h"

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

namespace tspod::sys {

Result<Cloned> clone3(const CloneRequest& request) {
  int pidfd = -1;
  struct clone_args arguments {};
  arguments.flags = request.flags | CLONE_PIDFD;
  arguments.pidfd = reinterpret_cast<uint64_t>(&pidfd);
  // With CLONE_PARENT the kernel uses the caller's own exit signal, and wants 0 here.
  arguments.exit_signal = (request.flags & CLONE_PARENT) == 0 ? SIGCHLD : 0;
  if (request.cgroup >= 0) {
    arguments.flags |= CLONE_INTO_CGROUP;
    arguments.cgroup = static_cast<uint64_t>(request.cgroup);
  }
  const long pid = ::syscall(SYS_clone3, &arguments, sizeof arguments);
  if (pid == -1) return last_error("clone3");
  return Cloned{static_cast<pid_t>(pid), UniqueFd(pid == 0 ? -1 : pidfd)};
}

Result<void> setns(int fd, int flags) {
  return check(::setns(fd, flags), "setns");
}

Result<void> unshare(int flags) {
  return check(::unshare(flags), "unshare");
}

Result<UniqueFd> pidfd_open(pid_t pid) {
  const auto fd = ::syscall(SYS_pidfd_open, pid, 0);
  // For a thread, and for a process that is being reaped, the errno is EINVAL, or ENOENT from Linux 6.16 on.
  if (fd < 0 && pid > 0 && (errno == EINVAL || errno == ENOENT)) errno = ESRCH;
  return check_fd(fd, "pidfd_open");
}

Result<void> pidfd_send_signal(int pidfd, int signal) {
  return check(::syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0), "pidfd_send_signal");
}

Result<Ending> wait_for(int pidfd) {
  siginfo_t info{};
  const auto call = [&] {
    return ::waitid(static_cast<idtype_t>(P_PIDFD), static_cast<id_t>(pidfd), &info, WEXITED);
  };
  if (retry(call) == -1) return last_error("waitid");
  if (info.si_code == CLD_EXITED) return Ending{info.si_status, 0};
  return Ending{0, info.si_status};
}

Result<bool> has_ended(int pidfd) {
  siginfo_t info{};
  const int flags = WEXITED | WNOHANG | WNOWAIT;
  const auto call = [&] {
    return ::waitid(static_cast<idtype_t>(P_PIDFD), static_cast<id_t>(pidfd), &info, flags);
  };
  if (retry(call) == -1) return last_error("waitid");
  return info.si_pid != 0;
}

Result<void> prctl(int option, unsigned long argument, const char* name) {
  return check(::prctl(option, argument, 0, 0, 0), "prctl", name);
}

}  // namespace tspod::sys
