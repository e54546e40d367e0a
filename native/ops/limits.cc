// Resource limits. In the stages of the monitor they are set on the container's first process from outside: a
// process in a user namespace of its own may lower limits, but not raise them.
#include <sys/resource.h>

#include "core/sys.h"
#include "ops/handlers.gen.h"

namespace tspod::ops {

Result<void> rlimit(Context& context, const plan::Rlimit& step) {
  const pid_t target = context.stage == plan::Stage::kInit ? 0 : context.child;
  const struct rlimit limit { step.soft, step.hard };
  const auto resource = static_cast<__rlimit_resource>(step.resource);
  return sys::check(::prlimit(target, resource, &limit, nullptr), "prlimit", std::to_string(step.resource));
}

Result<void> oom_score_adj(Context& context, const plan::OomScoreAdj& step) {
  const std::string target = context.stage == plan::Stage::kInit ? "self" : std::to_string(context.child);
  return context.proc.write((target + "/oom_score_adj").c_str(), std::to_string(step.value));
}

}  // namespace tspod::ops
