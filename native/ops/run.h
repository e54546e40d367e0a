// Runs plans. Needs no monitor: the addon links this to run plans that have no clone.
#pragma once

#include "core/result.h"
#include "ops/context.h"
#include "plan/plan.h"

namespace tspod::ops {

/** Runs one step, and returns its error even if the step is optional. */
Result<void> run_step(const plan::StepView& step, Context& context);

/** Runs the steps of one stage in order, up to the first that fails and is not optional. */
Result<void, Failure> run_stage(const plan::Plan& plan, plan::Stage stage, Context& context);

/** Runs all steps of a stage that undoes something, whatever fails, and returns the first failure. */
Result<void, Failure> run_all(const plan::Plan& plan, plan::Stage stage, Context& context);

/**
 * Runs a plan that launches nothing: the prepare steps, then (in any case) the steps that undo. May change
 * namespaces of the calling thread: call it on a thread that does nothing else and ends.
 */
Result<void, Failure> execute(wire::Bytes plan_bytes);

/** Like execute(), and returns a duplicate of the descriptor that the plan has put into this slot. */
Result<UniqueFd, Failure> execute_for(wire::Bytes plan_bytes, uint32_t slot);

}  // namespace tspod::ops
