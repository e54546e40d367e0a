// Derives a container's health from the results of its checks. Pure.
#pragma once

#include <cstdint>

namespace tspod {

enum class Health { kStarting, kHealthy, kUnhealthy };

/** What follows from the result of a check. */
enum class HealthVerdict {
  kNone,
  kPassedStartup,  // the regular check runs from now on
  kUnhealthy,      // too many failures of the regular check
  kFailedStartup,  // too many of the start-up check
};

struct HealthRules {
  uint32_t failures = 1;  // number in a row that makes the container unhealthy
  uint64_t grace_ns = 0;  // checks that begin this soon after the start may fail without being counted
  bool has_startup = false;
  uint32_t startup_failures = 0;   // in a row; 0: any number
  uint32_t startup_successes = 1;  // in a row
};

class HealthCounter {
 public:
  explicit HealthCounter(const HealthRules& rules) : rules_(rules) {}

  /** Resets all counts for a new run of the container. */
  void begin() { *this = HealthCounter(rules_); }

  /** Whether the start-up check is the one to run now. */
  bool in_startup() const { return rules_.has_startup && !passed_startup_; }

  /**
   * Counts the result of the check that runs now (see in_startup()). `age_ns` is the time from the start to
   * the check.
   */
  HealthVerdict count(bool passed, uint64_t age_ns);

  Health health() const { return health_; }
  /** Returns the number of failures of the regular check in a row. */
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
