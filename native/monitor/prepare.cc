// The part of supervision before and during the first launch.

#include <sys/prctl.h>
#include <unistd.h>

#include <string>

#include "core/sys.h"
#include "core/sys_event.h"
#include "core/sys_process.h"
#include "monitor/monitor.h"
#include "monitor/oom.h"
#include "monitor/record_files.h"
#include "ops/title.h"

namespace tspod {
namespace {

/** Number of connections that may wait until the container has been launched; further ones fail. */
constexpr int kBacklog = 1024;

/**
 * Listens at `attach` in the run directory, through the directory's descriptor: the path itself may be too
 * long for sun_path.
 */
Result<UniqueFd> bind_attach_socket(int run_directory) {
  (void)sys::unlinkat(run_directory, "attach", 0);  // left by a monitor that was killed
  const std::string path = "/proc/self/fd/" + std::to_string(run_directory) + "/attach";
  return sys::listen_at(path.c_str(), kBacklog);
}

Result<void> prepare_records(Monitor& monitor) {
  const int directory = monitor.run_directory.get();
  const pid_t self = ::getpid();
  monitor.supervision.state.monitor = {self, TRY(monitor.context.proc.start_time(self))};
  monitor.supervision.exit_record = TRY(reserve_exit_record(directory));
  monitor.supervision.listener = TRY(bind_attach_socket(directory));
  if (!monitor.settings.monitor_pid_file.empty())
    TRY(write_pid_file(monitor.settings.monitor_pid_file, self));
  return {};
}

/** Returns the inode of the network namespace that the monitor holds; 0 if it holds none. */
uint64_t held_network(const Monitor& monitor) {
  if (!monitor.network_slot) return 0;
  const Result<int> held = monitor.context.slots.get(*monitor.network_slot);
  if (!held) return 0;
  const Result<struct stat> status = sys::fstat(*held);
  return status ? status->st_ino : 0;
}

}  // namespace

Result<void> prepare_supervision(Monitor& monitor) {
  // Orphans of hooks, and of a container without a pid namespace of its own, become our children: we reap
  // them.
  TRY(sys::prctl(PR_SET_CHILD_SUBREAPER, 1, "PR_SET_CHILD_SUBREAPER"));
  const std::string& id = monitor.settings.id;
  if (!id.empty() || monitor.plan.has(plan::Op::kBecomeInit) || monitor.plan.has(plan::Op::kPause)) {
    // Only for people who look at the list of processes: failures do not matter.
    const Result<std::span<char>> found = ops::find_arguments(monitor.context.proc);
    if (found) monitor.context.arguments = *found;
    ops::write_title(monitor.context.arguments, "tspod-monitor " + id);
  }
  TRY(monitor.supervision.log.open(monitor.settings.log));
  if (!monitor.run_directory) return {};
  Result<void> prepared = prepare_records(monitor);
  if (!prepared) abandon_supervision(monitor);
  return prepared;
}

void abandon_supervision(Monitor& monitor) {
  monitor.supervision.listener.reset();
  monitor.supervision.exit_record.reset();
  if (monitor.run_directory) remove_records(monitor.run_directory.get());
}

Result<void> record_clone(Monitor& monitor, const Launched& launched) {
  StateRecord& state = monitor.supervision.state;
  state.init = {launched.pid, launched.start_time};
  state.status = ContainerStatus::kCreated;
  monitor.supervision.oom_kills_before = count_oom_kills(monitor);
  if (!monitor.settings.init_pid_file.empty())
    TRY(write_pid_file(monitor.settings.init_pid_file, launched.pid));
  return record_state(monitor);
}

Result<void> record_state(Monitor& monitor) {
  if (!monitor.run_directory) return {};
  monitor.supervision.state.network_namespace = held_network(monitor);
  return write_state(monitor.run_directory.get(), monitor.supervision.state);
}

Result<void> record_network(Monitor& monitor) {
  if (held_network(monitor) == monitor.supervision.state.network_namespace) return {};
  return record_state(monitor);
}

}  // namespace tspod
