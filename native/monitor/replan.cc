#include "monitor/replan.h"

#include <utility>

#include "core/sys.h"
#include "monitor/checking.h"
#include "ops/run.h"

namespace tspod {
namespace {

constexpr const char* kNextPlan = "next";

Result<Mapping> read_next_plan(int run_directory) {
  const UniqueFd file = TRY(sys::openat(run_directory, kNextPlan, O_RDONLY | O_NOFOLLOW));
  const struct stat status = TRY(sys::fstat(file.get()));
  const auto size = static_cast<size_t>(status.st_size);
  if (size == 0 || size > message::kMaxBytes) return Error{"plan", kNextPlan, EMSGSIZE};
  Mapping mapping = TRY(Mapping::make(size));
  std::span<char> left(reinterpret_cast<char*>(mapping.bytes().data()), size);
  while (!left.empty()) {
    const size_t count = TRY(sys::read(file.get(), left));
    if (count == 0) return Error{"plan", kNextPlan, EBADMSG};
    left = left.subspan(count);
  }
  return mapping;
}

/** Returns the restart policy of a plan; the default, no policy, if it has no such step. */
plan::Restart restart_of(const plan::Plan& plan) {
  plan::Restart restart;
  for (const plan::StepView& step : plan) {
    if (step.op != plan::Op::kRestart) continue;
    wire::Reader reader(step.operands);
    plan::decode(reader, restart);
  }
  return restart;
}

bool has_passthrough(const plan::Stdio& stdio) {
  const auto kind = static_cast<uint32_t>(plan::StreamKind::kPassthrough);
  return stdio.stdin_ == kind || stdio.stdout_ == kind || stdio.stderr_ == kind;
}

/**
 * Whether a restart would lack descriptors that the command was given at its first start: they are closed, or
 * about to be, if no restart was to follow then.
 */
bool lacks_descriptors(const Loop& loop, const plan::Plan& next) {
  const Monitor& monitor = loop.monitor;
  const bool keeps_launch = has_restart_policy(monitor.settings.restart) || may_relaunch(loop);
  if (!monitor.launch_forgotten && keeps_launch) return false;
  return next.has(plan::Op::kInheritFd) || has_passthrough(monitor.settings.stdio);
}

}  // namespace

Result<void, Failure> take_next_plan(Loop& loop) {
  Monitor& monitor = loop.monitor;
  if (!monitor.run_directory) return Failure{Failure::kNoStep, ENOTSUP, "no run directory"};
  Result<Mapping> read = read_next_plan(monitor.run_directory.get());
  if (!read) return stepless_failure(read.error());
  Mapping bytes = std::move(*read);
  const plan::Plan next = TRY(plan::Plan::parse(std::as_const(bytes).bytes()));
  const plan::Restart restart = restart_of(next);
  if (has_restart_policy(restart) && lacks_descriptors(loop, next))
    return Failure{Failure::kNoStep, EBADF, "descriptors of the first start"};
  monitor.next_plan = std::move(bytes);
  loop.restarter.change(restart_settings(restart));
  return {};
}

Result<void, Failure> adopt_next_plan(Monitor& monitor) {
  if (monitor.next_plan.bytes().empty()) return {};
  const std::optional<uint32_t> before = monitor.network_slot;
  UniqueFd network = before ? monitor.context.slots.take(*before) : UniqueFd();
  monitor.plan_bytes = std::exchange(monitor.next_plan, Mapping());
  monitor.kept = plan::KeptPlan();
  monitor.plan = TRY(plan::Plan::parse(std::as_const(monitor.plan_bytes).bytes()));
  monitor.context.slots.clear();
  monitor.network_slot = find_network_slot(monitor.plan);
  // An invalid slot number fails where it is used.
  if (network && monitor.network_slot)
    (void)monitor.context.slots.put(*monitor.network_slot, std::move(network));
  ops::Settings first = std::exchange(monitor.settings, ops::Settings());
  const Result<void, Failure> set = ops::run_stage(monitor.plan, plan::Stage::kSettings, monitor.context);
  // How long input stays open depends on the clients at the first start, and the checks use these settings.
  monitor.settings.stdio.keep_stdin = first.stdio.keep_stdin;
  monitor.settings.stdio.stdin_once = first.stdio.stdin_once;
  monitor.settings.health = std::move(first.health);
  if (!set) return set.error();
  return {};
}

}  // namespace tspod
