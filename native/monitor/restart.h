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

/**
 * Length in ns from which on a run counts as a success of the launch: the delay then starts from the
 * beginning.
 */
inline constexpr uint64_t kSteadyRunNs = 10'000'000'000;

/** The outcome of one run of the container. */
struct RunOutcome {
  bool failed;         // exited with another code than 0, or killed by a signal
  uint64_t lasted_ns;  // by a clock that does not jump
};

class Restarter {
 public:
  explicit Restarter(const RestartSettings& settings = {}) : settings_(settings) {}

  /**
   * Applies other settings from now on, and forgets that the policy was dropped, if they differ. The count
   * and the delay stay.
   */
  void change(const RestartSettings& settings);

  /** Calls all restarts off: the user has stopped the container. */
  void disarm() { disarmed_ = true; }
  bool is_disarmed() const { return disarmed_; }

  /** Calls restarts by the current policy off: the user has sent a signal. */
  void drop_policy() { policy_dropped_ = true; }

  /** Returns the number of restarts so far. */
  uint32_t count() const { return count_; }

  /**
   * Returns the delay in ms (never 0) after which to launch again, and counts the restart; nullopt if the
   * container has ended for good.
   */
  std::optional<uint32_t> next_delay(const RunOutcome& outcome);

  /** Like next_delay(), for a launch that follows whatever the policy says; only disarm() calls it off. */
  std::optional<uint32_t> forced_delay(const RunOutcome& outcome);

  /**
   * Returns the delay in ms after which to try a launch again that came too early; no restart is counted for
   * it.
   */
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
