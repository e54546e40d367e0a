// Decides how well a container is from what its checks came to. Pure.
#pragma once

#include <cstdint>

namespace tspod {

enum class Health { kStarting, kHealthy, kUnhealthy };

/** What to do after a check. */
enum class HealthVerdict {
  kNone,
  kPassedStartup,  // from now on the regular check runs
  kUnhealthy,      // too many failures of the regular check
  kFailedStartup,  // too many of the start-up check
};

struct HealthRules {
  uint32_t failures = 1;  // in a row, that make it unhealthy
  uint64_t grace_ns = 0;  // failures that began this soon after the start do not count
  bool has_startup = false;
  uint32_t startup_failures = 0;   // in a row; 0: any number
  uint32_t startup_successes = 1;  // in a row
};

class HealthCounter {
 public:
  explicit HealthCounter(const HealthRules& rules) : rules_(rules) {}

  /** A new run of the container begins. */
  void begin() { *this = HealthCounter(rules_); }

  /** Whether the start-up check is the one to run. */
  bool in_startup() const { return rules_.has_startup && !passed_startup_; }

  /** Counts the result of the check that in_startup() tells of; `age_ns`: time from the start to the check.
   */
  HealthVerdict count(bool passed, uint64_t age_ns);

  Health health() const { return health_; }
  /** Failures of the regular check in a row. */
  uint32_t streak() const { return streak_; }

 private:
  HealthVerdict count_startup(bool passed);

  HealthRules rules_;
  Health health_ = Health::kStarting;
  uint32_t streak_ = 0;
  bool passed_startup_ = false;
  uint32_t startup_failures_ = 0;
  uint32_t startup_successes_ = 0;
};

}  // namespace tspod
