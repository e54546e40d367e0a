// Resource limits. In the monitor's stages they are set on the container's first process from outside: a
// process in a user namespace of its own may lower limits, but not raise them.
#include <sys/resource.h>

#include "core/sys.h"
#include "ops/handlers.gen.h"

namespace tspod::ops {

namespace {

Result<void> exchange(const Context& context, uint32_t number, const struct rlimit* limit,
                      struct rlimit* old) {
  const auto resource = static_cast<__rlimit_resource>(number);
  return sys::check(::prlimit(context.subject(), resource, limit, old), "prlimit", std::to_string(number));
}

}  // namespace

Result<void> rlimit(Context& context, const plan::Rlimit& step) {
  const struct rlimit limit { step.soft, step.hard };
  return exchange(context, step.resource, &limit, nullptr);
}

Result<void> raise_limit(Context& context, const plan::RaiseLimit& step) {
  struct rlimit limit {};
  TRY(exchange(context, step.resource, nullptr, &limit));
  if (limit.rlim_max >= step.hard) return {};
  limit.rlim_max = step.hard;
  return exchange(context, step.resource, &limit, nullptr);
}

Result<void> oom_score_adj(Context& context, const plan::OomScoreAdj& step) {
  const pid_t subject = context.subject();
  const std::string target = subject == 0 ? "self" : std::to_string(subject);
  return context.proc.write((target + "/oom_score_adj").c_str(), std::to_string(step.value));
}

}  // namespace tspod::ops
