#include "ops/run.h"

#include <utility>

#include "core/profile.h"
#include "core/sys.h"
#include "ops/handlers.gen.h"

namespace tspod::ops {
namespace {

Failure failure_of(const plan::StepView& step, const Error& error) {
  return Failure{step.index, error.err, describe(error)};
}

}  // namespace

Result<void> run_step(const plan::StepView& step, Context& context) {
  const profile::Step timed(static_cast<uint32_t>(step.stage), static_cast<uint32_t>(step.op));
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

Result<void, Failure> run_all(const plan::Plan& plan, plan::Stage stage, Context& context) {
  context.stage = stage;
  if (stage == plan::Stage::kTeardown) context.has_failed_to_undo = false;
  Result<void, Failure> first;
  for (const plan::StepView& step : plan) {
    if (step.stage != stage) continue;
    const Result<void> done = run_step(step, context);
    if (done || step.optional) continue;
    context.has_failed_to_undo = true;
    if (first) first = failure_of(step, done.error());
  }
  return first;
}

namespace {

Result<void, Failure> execute_in(Context& context, wire::Bytes plan_bytes) {
  const plan::Plan plan = TRY(plan::Plan::parse(plan_bytes));
  Result<void, Failure> prepared = run_stage(plan, plan::Stage::kPrepare, context);
  Result<void, Failure> torn_down = run_all(plan, plan::Stage::kTeardown, context);
  Result<void, Failure> swept = run_all(plan, plan::Stage::kSweep, context);
  if (!prepared) return prepared;
  return torn_down ? swept : torn_down;
}

}  // namespace

Result<void, Failure> execute(wire::Bytes plan_bytes) {
  Context context;
  return execute_in(context, plan_bytes);
}

Result<UniqueFd, Failure> execute_for(wire::Bytes plan_bytes, uint32_t slot) {
  Context context;
  TRY(execute_in(context, plan_bytes));
  const Result<int> held = context.slots.get(slot);
  Result<UniqueFd> copy = held ? sys::dup_from(*held, 3) : Result<UniqueFd>(held.error());
  if (!copy) return stepless_failure(copy.error());
  return std::move(*copy);
}

}  // namespace tspod::ops
