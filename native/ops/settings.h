// What a plan tells the monitor about supervising, collected from its `settings` steps. Owns its strings.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "plan/ops.gen.h"

namespace tspod::ops {

struct LogSettings {
  plan::LogDriver driver = plan::LogDriver::kNone;
  std::string path;
  uint64_t max_bytes = 0;  // 0: no limit
  uint32_t max_files = 1;  // including the current one
  uint32_t mode = 0600;
};

struct OomCounterSettings {
  uint32_t slot = 0;
  std::string file;
  std::string key;
};

struct CheckSettings {
  std::string plan;          // empty: there is no such check
  uint64_t interval_ms = 0;  // 0: only on request
  uint64_t timeout_ms = 0;
  uint32_t failures = 0;
  uint32_t successes = 0;
  uint64_t grace_ms = 0;
};

/** Settings of a container's health checks. */
struct HealthSettings {
  CheckSettings regular;
  CheckSettings startup;
  plan::FailureAction on_failure = plan::FailureAction::kNone;
  int stop_signal = 0;
  uint64_t stop_timeout_ms = 0;
  uint32_t log_entries = 0;
  uint32_t output_bytes = 0;
  std::string freezer;  // file of the container's cgroup; empty: none
  std::string thawed;   // content of that file while the container is not frozen
};

struct Settings {
  plan::MonitorRole role = plan::MonitorRole::kContainer;
  std::string run_directory;  // empty: nothing is recorded
  std::string id;
  plan::Stdio stdio{.stdin_slot = plan::kNone, .stdout_slot = plan::kNone, .stderr_slot = plan::kNone};
  LogSettings log;
  plan::Restart restart;
  uint64_t time_limit_ms = 0;  // 0: none
  std::optional<OomCounterSettings> oom_counter;
  std::string init_pid_file;     // empty: none
  std::string monitor_pid_file;  // empty: none
  std::unique_ptr<HealthSettings> health;
};

}  // namespace tspod::ops
