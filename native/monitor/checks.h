// State of a container's health checks in the supervising loop.
#pragma once

#include <cstdint>
#include <optional>

#include "core/unique_fd.h"
#include "monitor/check_process.h"
#include "monitor/health.h"
#include "monitor/health_record.h"
#include "monitor/poller.h"
#include "ops/settings.h"

namespace tspod {

/** What to do when the timer of the checks expires. */
enum class CheckTimer { kOff, kNextCheck, kCheckLimit, kKill };

struct Checks {
  Checks(const ops::HealthSettings& s, const HealthRules& rules)
      : settings(s), counter(rules), log(s.log_entries) {}

  const ops::HealthSettings& settings;
  HealthCounter counter;
  HealthLog log;

  UniqueFd timer;
  CheckTimer due = CheckTimer::kOff;
  Watch timer_watch{.source = Source::kCheckTimer};
  Watch output_watch{.source = Source::kCheckOutput};

  CheckProcess process;               // may stay for a moment after its result is no longer awaited
  CheckProcess outlived;              // killed in an earlier run, and not ended yet
  std::optional<CheckResult> result;  // of the running check
  uint64_t began_ns = 0;              // CLOCK_BOOTTIME

  bool ends_run = false;    // the container is being ended because of a check
  bool relaunches = false;  // it is to be launched again
};

}  // namespace tspod
