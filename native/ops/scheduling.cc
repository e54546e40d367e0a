// Scheduler, I/O priority and CPU affinity of the command.
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/sys.h"
#include "ops/cpu_list.h"
#include "ops/handlers.gen.h"

namespace tspod::ops {
namespace {

/** The argument of sched_setattr(2), which C libraries do not declare. */
struct SchedulerAttributes {
  uint32_t size;
  uint32_t policy;
  uint64_t flags;
  int32_t nice;
  uint32_t priority;
  uint64_t runtime;
  uint64_t deadline;
  uint64_t period;
};
static_assert(sizeof(SchedulerAttributes) == 48);

// ioprio_set(2)
constexpr int kOneProcess = 1;
constexpr int kClassShift = 13;
constexpr uint32_t kHighestClass = 3;
constexpr uint32_t kHighestLevel = 7;

}  // namespace

Result<void> scheduler(Context& context, const plan::Scheduler& step) {
  const SchedulerAttributes attributes{
      .size = sizeof(SchedulerAttributes),
      .policy = step.policy,
      .flags = step.flags,
      .nice = step.nice,
      .priority = step.priority,
      .runtime = step.runtime,
      .deadline = step.deadline,
      .period = step.period,
  };
  return sys::check(::syscall(SYS_sched_setattr, context.subject(), &attributes, 0), "sched_setattr");
}

Result<void> io_priority(Context& context, const plan::IoPriority& step) {
  if (step.class_ > kHighestClass || step.level > kHighestLevel) return Error{"ioprio_set", {}, EINVAL};
  const uint32_t value = step.class_ << kClassShift | step.level;
  return sys::check(::syscall(SYS_ioprio_set, kOneProcess, context.subject(), value), "ioprio_set");
}

Result<void> cpu_affinity(Context&, const plan::CpuAffinity& step) {
  const auto cpus = parse_cpu_list(step.cpus.view());
  if (!cpus) return Error{"sched_setaffinity", step.cpus.str(), EINVAL};
  const size_t bytes = cpus->size() * sizeof(unsigned long);
  return sys::check(::syscall(SYS_sched_setaffinity, 0, bytes, cpus->data()), "sched_setaffinity",
                    step.cpus.view());
}

}  // namespace tspod::ops
