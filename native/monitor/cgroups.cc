#include "monitor/cgroups.h"

#include <fcntl.h>
#include <linux/openat2.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "core/sys.h"
#include "ops/run.h"

namespace tspod {
namespace {

/** Prefix of the line for cgroup v2 in /proc/PID/cgroup. */
constexpr std::string_view kUnified = "0::";

/**
 * Returns the cgroup v2 of a process, as the kernel names it in our cgroup namespace; empty if there is none.
 */
Result<std::string> group_of(ops::Procfs& proc, pid_t pid) {
  const std::string path = std::to_string(pid) + "/cgroup";
  const UniqueFd file = TRY(proc.open_file(path.c_str(), O_RDONLY));
  const std::string text = TRY(sys::read_all(file.get()));
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    if (line.starts_with(kUnified)) return std::string(line.substr(kUnified.size()));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
  }
  return std::string();
}

/**
 * Opens the cgroup of the process in `beside_slot`. The container has chosen the name, so it is opened only
 * if it lies beneath `group`, and without following links.
 */
Result<UniqueFd> open_beside(ops::Context& context, int group) {
  const int process = TRY(context.slots.get(context.beside_slot));
  const std::string path = TRY(group_of(context.proc, TRY(context.proc.pid_of(process))));
  const std::string above = context.cloning_group + '/';
  if (!path.starts_with(above)) return Error{"cgroup", path, EBUSY};
  const sys::OpenHow how{O_RDONLY | O_DIRECTORY | O_NOFOLLOW, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS, 0};
  return sys::openat2(group, path.c_str() + above.size(), how);
}

}  // namespace

Result<sys::Cloned> clone_beside(ops::Context& context, sys::CloneRequest request) {
  Result<sys::Cloned> cloned = sys::clone3(request);
  if (cloned || cloned.error().err != EBUSY || request.cgroup < 0) return cloned;
  const Result<UniqueFd> beside = open_beside(context, request.cgroup);
  if (!beside) return cloned;
  request.cgroup = beside->get();
  return sys::clone3(request);
}

void renew_cgroups(Monitor& monitor) {
  for (const plan::StepView& step : monitor.plan) {
    if (step.stage != plan::Stage::kTeardown || step.op != plan::Op::kCgroupRemove) continue;
    // Processes that do not end hinder no later launch except one into a divided cgroup, and that one reports
    // it.
    if (!ops::run_step(step, monitor.context)) return;
    wire::Reader reader(step.operands);
    plan::CgroupRemove removed;
    plan::decode(reader, removed);
    (void)sys::mkdirat(AT_FDCWD, removed.path.c_str(), 0755);
  }
}

}  // namespace tspod
