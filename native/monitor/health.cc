#include "monitor/health.h"

namespace tspod {

HealthVerdict HealthCounter::count(bool passed, uint64_t age_ns) {
  if (in_startup()) return count_startup(passed);
  if (passed) {
    health_ = Health::kHealthy;
    streak_ = 0;
    return HealthVerdict::kNone;
  }
  if (age_ns < rules_.grace_ns) return HealthVerdict::kNone;
  if (streak_ < UINT32_MAX) ++streak_;
  if (streak_ < rules_.failures) return HealthVerdict::kNone;
  health_ = Health::kUnhealthy;
  return HealthVerdict::kUnhealthy;
}

HealthVerdict HealthCounter::count_startup(bool passed) {
  if (passed) {
    startup_failures_ = 0;
    passed_startup_ = ++startup_successes_ >= rules_.startup_successes;
    return passed_startup_ ? HealthVerdict::kPassedStartup : HealthVerdict::kNone;
  }
  startup_successes_ = 0;
  const bool too_many = rules_.startup_failures != 0 && ++startup_failures_ >= rules_.startup_failures;
  return too_many ? HealthVerdict::kFailedStartup : HealthVerdict::kNone;
}

}  // namespace tspod
