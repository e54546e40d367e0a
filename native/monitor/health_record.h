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

/** What one check came to. */
struct CheckResult {
  uint64_t began_ns = 0;  // CLOCK_REALTIME
  uint64_t ended_ns = 0;
  int32_t code = -1;  // of the exit; 128 + signal; -1: none
  int32_t err = 0;    // why there was no exit: ETIMEDOUT, or what kept it from being started
  std::string output;

  bool passed() const { return code == 0; }
};

/** The last results: no more than asked for, and no more than a file should hold. */
class HealthLog {
 public:
  /** Whatever is asked for, older results go when the outputs together are longer than this. */
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

/** The text of the record. What is not printable in an output is written as `\n` or `\xHH`, a backslash as
 * two.
 */
std::string format_health(const HealthCounter& counter, const HealthLog& log);

/** `STATUS STARTNS ENDNS`: what the last check has come to. Empty if there has been none. */
std::string summarize_health(const HealthCounter& counter, const HealthLog& log);

}  // namespace tspod
