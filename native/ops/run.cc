#include "ops/run.h"

#include <utility>

#include "ops/handlers.gen.h"

namespace tspod::ops {
namespace {

Failure failure_of(const plan::StepView& step, const Error& error) {
  return Failure{step.index, error.err, describe(error)};
}

}  // namespace

Result<void> run_step(const plan::StepView& step, Context& context) {
  return dispatch(context, step.op, step.operands);
}

Result<void, Failure> run_stage(const plan::Plan& plan, plan::Stage stage, Context& context) {
  context.stage = stage;
  for (const plan::StepView& step : plan) {
    if (step.stage != stage) continue;
    const Result<void> done = run_step(step, context);
    if (!done && !step.optional) return failure_of(step, done.error());
  }
  return {};
}

Result<void, Failure> run_teardown(const plan::Plan& plan, Context& context) {
  context.stage = plan::Stage::kTeardown;
  Result<void, Failure> first;
  for (const plan::StepView& step : plan) {
    if (step.stage != plan::Stage::kTeardown) continue;
    const Result<void> done = run_step(step, context);
    if (!done && !step.optional && first) first = failure_of(step, done.error());
  }
  return first;
}

Result<void, Failure> execute(wire::Bytes plan_bytes) {
  const plan::Plan plan = TRY(plan::Plan::parse(plan_bytes));
  Context context;
  Result<void, Failure> prepared = run_stage(plan, plan::Stage::kPrepare, context);
  Result<void, Failure> torn_down = run_teardown(plan, context);
  return prepared ? torn_down : prepared;
}

}  // namespace tspod::ops
