// Decides whether and when a container that has ended is launched again. Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "plan/ops.gen.h"

namespace tspod {

struct RestartSettings {
  bool operator==(const RestartSettings&) const = default;

  plan::RestartPolicy policy = plan::RestartPolicy::kNo;
  uint32_t max_retries = 0;  // of kOnFailure; 0: no limit
  uint32_t first_delay_ms = 100;
  uint32_t last_delay_ms = 60'000;
};

/** A run at least this long counts as a success of the launch: the delay starts from the beginning. */
inline constexpr uint64_t kSteadyRunNs = 10'000'000'000;

/** What one run of the container came to. */
struct RunOutcome {
  bool failed;         // exited with another code than 0, or killed by a signal
  uint64_t lasted_ns;  // by a clock that does not jump
};

class Restarter {
 public:
  explicit Restarter(const RestartSettings& settings = {}) : settings_(settings) {}

  /** Another policy from now on, if it is another; what was counted stays. */
  void change(const RestartSettings& settings);

  /** The user stopped the container: no restart from now on. */
  void disarm() { disarmed_ = true; }
  bool is_disarmed() const { return disarmed_; }

  /** The user sent it a signal: no restart by this policy from now on. */
  void drop_policy() { policy_dropped_ = true; }

  /** Launches that followed an end so far. */
  uint32_t count() const { return count_; }

  /**
   * The delay in milliseconds (never 0) after which to launch again, counted as a restart; nullopt: this was
   * the end.
   */
  std::optional<uint32_t> next_delay(const RunOutcome& outcome);

  /** The same where the launch follows whatever the policy says; only the user's stop calls it off. */
  std::optional<uint32_t> forced_delay(const RunOutcome& outcome);

  /** The delay after which a launch that came too early is tried again: no restart is counted for it. */
  std::optional<uint32_t> put_off_delay();

 private:
  bool applies(const RunOutcome& outcome) const;
  uint32_t take_delay(const RunOutcome& outcome);
  uint32_t lengthen_delay(bool from_the_beginning);

  RestartSettings settings_;
  bool disarmed_ = false;
  bool policy_dropped_ = false;
  uint32_t count_ = 0;
  uint64_t delay_ms_ = 0;
};

}  // namespace tspod
