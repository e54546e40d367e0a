// Carries out plans. Needs no monitor: the addon links this to run plans that have no clone.
#pragma once

#include "core/result.h"
#include "ops/context.h"
#include "plan/plan.h"

namespace tspod::ops {

/** Runs one step, failure or not. */
Result<void> run_step(const plan::StepView& step, Context& context);

/** Runs the steps of one stage in order, up to the first that fails and is not optional. */
Result<void, Failure> run_stage(const plan::Plan& plan, plan::Stage stage, Context& context);

/** Runs all steps of the stage, whatever fails; returns the first failure: for what undoes. */
Result<void, Failure> run_all(const plan::Plan& plan, plan::Stage stage, Context& context);

/**
 * A plan for a process that launches nothing: prepare steps, then those that undo (these in any case).
 * Changes namespaces of the calling thread if the plan says so: call it on a thread that does nothing else
 * and ends.
 */
Result<void, Failure> execute(wire::Bytes plan_bytes);

/** The same; returns a copy of what the plan has put into this slot. */
Result<UniqueFd, Failure> execute_for(wire::Bytes plan_bytes, uint32_t slot);

}  // namespace tspod::ops
