#include "monitor/restart.h"

#include <algorithm>

namespace tspod {

void Restarter::change(const RestartSettings& settings) {
  if (settings == settings_) return;  // only the rest of the plan has changed
  settings_ = settings;
  policy_dropped_ = false;
}

std::optional<uint32_t> Restarter::next_delay(const RunOutcome& outcome) {
  if (disarmed_ || policy_dropped_ || !applies(outcome)) return std::nullopt;
  return take_delay(outcome);
}

std::optional<uint32_t> Restarter::forced_delay(const RunOutcome& outcome) {
  if (disarmed_) return std::nullopt;
  return take_delay(outcome);
}

std::optional<uint32_t> Restarter::put_off_delay() {
  if (disarmed_) return std::nullopt;
  return lengthen_delay(/*from_the_beginning=*/false);
}

uint32_t Restarter::take_delay(const RunOutcome& outcome) {
  count_++;
  return lengthen_delay(outcome.lasted_ns >= kSteadyRunNs);
}

uint32_t Restarter::lengthen_delay(bool from_the_beginning) {
  uint64_t first = std::max<uint64_t>(settings_.first_delay_ms, 1);
  uint64_t last = std::max<uint64_t>(settings_.last_delay_ms, first);
  delay_ms_ = from_the_beginning || delay_ms_ == 0 ? first : std::min(delay_ms_ * 2, last);
  return static_cast<uint32_t>(delay_ms_);
}

bool Restarter::applies(const RunOutcome& outcome) const {
  switch (settings_.policy) {
    case plan::RestartPolicy::kNo: return false;
    case plan::RestartPolicy::kOnFailure:
      return outcome.failed && (settings_.max_retries == 0 || count_ < settings_.max_retries);
    case plan::RestartPolicy::kAlways:
    case plan::RestartPolicy::kUnlessStopped: return true;
  }
  return false;
}

}  // namespace tspod
