#include "monitor/clone_in_userns.h"

#include <grp.h>
#include <sched.h>
#include <unistd.h>

#include <cstring>

#include "core/socket.h"

namespace tspod {
namespace {

/** The intermediate process's report: the child's pidfd comes with it, or a call has failed. */
struct Report {
  int err = 0;
  bool joined = false;
};

Error error_of(const Report& report) {
  return {report.joined ? "clone3" : "setns", "user namespace", report.err};
}

void send_report(int socket, const Report& report, std::span<const int> fds) {
  char packet[sizeof report];
  std::memcpy(packet, &report, sizeof report);
  (void)send_packet(socket, {packet, sizeof packet}, fds);  // no one to tell if the monitor has died
}

/** Runs in the intermediate process, which ends here; returns only in the child that it has cloned. */
sys::Cloned join_and_clone(int userns, sys::CloneRequest request, int socket) {
  Report report;
  // Otherwise the host's groups would stay, and could not be dropped where the namespace denies setgroups(2).
  // Failure does not matter: a process that may not call this has none of root's groups.
  (void)::setgroups(0, nullptr);
  const Result<void> joined = sys::setns(userns, CLONE_NEWUSER);
  report.joined = static_cast<bool>(joined);
  if (!joined) report.err = joined.error().err;
  if (joined) {
    request.flags |= CLONE_PARENT;
    Result<sys::Cloned> cloned = sys::clone3(request);
    if (cloned && cloned->pid == 0) return std::move(*cloned);
    if (cloned) {
      const int pidfd = cloned->pidfd.get();
      send_report(socket, report, std::span(&pidfd, 1));
      ::_exit(0);
    }
    report.err = cloned.error().err;
  }
  send_report(socket, report, {});
  ::_exit(1);
}

/**
 * Receives the child's pidfd. The pid is read from our own procfs: the intermediate process may be in another
 * pid namespace.
 */
Result<sys::Cloned> receive_child(int socket, ops::Procfs& proc) {
  char packet[sizeof(Report)];
  UniqueFd pidfd;
  const ReceivedPacket received = TRY(receive_packet(socket, packet, std::span(&pidfd, 1)));
  if (received.size != sizeof packet) return Error{"clone3", "user namespace", ECHILD};
  Report report;
  std::memcpy(&report, packet, sizeof report);
  if (received.fd_count == 0) return error_of(report);
  const pid_t pid = TRY(proc.pid_of(pidfd.get()));
  return sys::Cloned{pid, std::move(pidfd)};
}

}  // namespace

Result<sys::Cloned> clone_in_userns(int userns, const sys::CloneRequest& request, ops::Procfs& proc) {
  SocketPair pair = TRY(packet_pair());
  const sys::Cloned between = TRY(sys::clone3({}));
  if (between.pid == 0) return join_and_clone(userns, request, pair.second.get());
  pair.second.reset();
  Result<sys::Cloned> cloned = receive_child(pair.first.get(), proc);
  (void)sys::wait_for(between.pidfd.get());
  return cloned;
}

}  // namespace tspod
