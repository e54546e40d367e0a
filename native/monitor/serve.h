// Carries out a monitor's plan, from the first step to the monitor's end.
#pragma once

#include "core/result.h"
#include "core/wire.h"
#include "monitor/monitor.h"

namespace tspod {

/**
 * Carries out the plan and supervises what it launches; returns the exit status of this process. Bytes that
 * are not in `monitor.plan_bytes` must outlive the call.
 */
int serve_plan(Monitor& monitor, wire::Bytes plan_bytes);

/** Tells the engine why nothing was launched; returns the exit status of this process. */
int report_failure(const Monitor& monitor, const Failure& failure);

}  // namespace tspod
