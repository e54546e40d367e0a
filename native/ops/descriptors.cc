// Steps that fill slots and expose their descriptors to the command.
#include "core/sys.h"
#include "core/sys_process.h"
#include "ops/handlers.gen.h"

namespace tspod::ops {
namespace {

/**
 * Highest number of an exposed descriptor. The kernel's table of descriptors grows with the highest, so a
 * larger one would only use up memory.
 */
constexpr uint32_t kHighestExposed = 65535;

}  // namespace

Result<void> open_path(Context& context, const plan::OpenPath& step) {
  return context.slots.put(step.slot, TRY(sys::open(step.path.c_str(), static_cast<int>(step.flags))));
}

Result<void> inherit_fd(Context& context, const plan::InheritFd& step) {
  // The slot gets a duplicate, so that a repeated launch finds the descriptor again.
  return context.slots.put(step.slot, TRY(sys::dup_from(static_cast<int>(step.fd), 3)));
}

Result<void> open_process(Context& context, const plan::OpenProcess& step) {
  const pid_t pid = static_cast<pid_t>(step.pid);
  UniqueFd process = TRY(sys::pidfd_open(pid));
  // The pidfd is opened first: if its process ends now and another gets the pid, the start times differ.
  if (step.start_time != 0 && TRY(context.proc.start_time(pid)) != step.start_time) {
    return Error{"pidfd_open", std::to_string(pid), ESRCH};
  }
  return context.slots.put(step.slot, std::move(process));
}

Result<void> expose_fd(Context& context, const plan::ExposeFd& step) {
  const Result<int> held = context.slots.get(step.slot);
  if (!held) return held.error();
  if (step.fd < 3 || step.fd > kHighestExposed) return Error{"descriptor", std::to_string(step.fd), EINVAL};
  context.exposed.push_back({step.slot, static_cast<int>(step.fd)});
  return {};
}

}  // namespace tspod::ops
