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

/** The line of version 2 in /proc/PID/cgroup. */
constexpr std::string_view kUnified = "0::";

/** The group of version 2 that a process is in, as the kernel names it to us; '' if there is none. */
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

/** The container has chosen the name: it is opened beneath its own group, and only what lies there. */
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
    // What does not end is in the way of no launch but into a divided group, and that one says so.
    if (!ops::run_step(step, monitor.context)) return;
    wire::Reader reader(step.operands);
    plan::CgroupRemove removed;
    plan::decode(reader, removed);
    (void)sys::mkdirat(AT_FDCWD, removed.path.c_str(), 0755);
  }
}

}  // namespace tspod
