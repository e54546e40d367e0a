// The file `health` in the run directory: how well the container is, and what its last checks said
// (docs/state.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "monitor/health.h"

namespace tspod {

/** The result of one check. */
struct CheckResult {
  uint64_t began_ns = 0;  // CLOCK_REALTIME
  uint64_t ended_ns = 0;
  int32_t code = -1;  // exit code; 128 + signal; -1: none
  int32_t err = 0;    // why there is no code: ETIMEDOUT, or what kept the check from being started
  std::string output;

  bool passed() const { return code == 0; }
};

/** The last results: at most as many as configured, and at most kMaxOutputBytes of output. */
class HealthLog {
 public:
  /** Limit for the outputs together; older results are dropped beyond it, however many are configured. */
  static constexpr size_t kMaxOutputBytes = size_t{256} * 1024;

  explicit HealthLog(size_t entries) : entries_(entries) {}

  void add(CheckResult result);
  void clear() {
    results_.clear();
    output_bytes_ = 0;
  }
  const std::deque<CheckResult>& results() const { return results_; }

 private:
  size_t entries_;
  std::deque<CheckResult> results_;
  size_t output_bytes_ = 0;
};

/**
 * Returns the text of the record. A newline in an output is written as `\n`, other unprintable bytes as
 * `\xHH`, a backslash as two.
 */
std::string format_health(const HealthCounter& counter, const HealthLog& log);

/** Returns `STATUS STARTNS ENDNS` for the last check; empty if there was none. */
std::string summarize_health(const HealthCounter& counter, const HealthLog& log);

}  // namespace tspod
