// What a plan tells the monitor about supervising: the `settings` steps, gathered. Owns its strings.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "plan/ops.gen.h"

namespace tspod::ops {

enum class Role : uint32_t { kContainer = 0, kExec = 1, kCheck = 2 };

/** Where a standard stream of the container goes. */
enum class StreamKind : uint32_t { kNull = 0, kMonitor = 1, kPassthrough = 2 };

enum class LogDriver : uint32_t { kNone = 0, kK8sFile = 1, kJsonFile = 2 };

struct LogSettings {
  LogDriver driver = LogDriver::kNone;
  std::string path;
  uint64_t max_bytes = 0;  // 0: no limit
  uint32_t max_files = 1;  // with the current one
  uint32_t mode = 0600;
};

struct OomCounterSettings {
  uint32_t slot = 0;
  std::string file;
  std::string key;
};

enum class FailureAction : uint32_t { kNone = 0, kKill = 1, kRestart = 2, kStop = 3 };

struct CheckSettings {
  std::string plan;          // empty: there is no such check
  uint64_t interval_ms = 0;  // 0: only when somebody asks
  uint64_t timeout_ms = 0;
  uint32_t failures = 0;
  uint32_t successes = 0;
  uint64_t grace_ms = 0;
};

/** Only for containers that have a check. */
struct HealthSettings {
  CheckSettings regular;
  CheckSettings startup;
  FailureAction on_failure = FailureAction::kNone;
  int stop_signal = 0;
  uint64_t stop_timeout_ms = 0;
  uint32_t log_entries = 0;
  uint32_t output_bytes = 0;
  std::string freezer;  // a file of the container's cgroup; empty: none
  std::string thawed;   // what it holds while the container is not frozen
};

struct Settings {
  Role role = Role::kContainer;
  std::string run_directory;  // empty: nothing is recorded
  std::string id;
  plan::Stdio stdio{.stdin_slot = plan::kNone, .stdout_slot = plan::kNone, .stderr_slot = plan::kNone};
  LogSettings log;
  plan::Restart restart;       // policy 0: no
  uint64_t time_limit_ms = 0;  // 0: none
  std::optional<OomCounterSettings> oom_counter;
  std::string init_pid_file;     // empty: none
  std::string monitor_pid_file;  // empty: none
  std::unique_ptr<HealthSettings> health;
};

}  // namespace tspod::ops
