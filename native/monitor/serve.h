// What a monitor does with its plan, from the first step to its own end.
#pragma once

#include "core/result.h"
#include "core/wire.h"
#include "monitor/monitor.h"

namespace tspod {

/** Carries the plan out and supervises what it launches; the exit status of this process. Bytes that are not
 * `monitor.plan_bytes` have to outlive it. */
int serve_plan(Monitor& monitor, wire::Bytes plan_bytes);

/** Tells the engine why nothing was launched; the exit status of this process. */
int report_failure(const Monitor& monitor, const Failure& failure);

}  // namespace tspod
