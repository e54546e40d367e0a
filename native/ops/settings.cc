// Steps that tell the monitor how to supervise. They do nothing else. In the addon, which supervises nothing,
// they fail.
#include "ops/settings.h"

#include "ops/handlers.gen.h"

namespace tspod::ops {
namespace {

Result<Settings*> settings_of(Context& context) {
  if (context.settings == nullptr) return Error{"settings", {}, ENOTSUP};
  return context.settings;
}

/**
 * Converts a code, and refuses one that the monitor does not know: guessing would mean to supervise otherwise
 * than asked.
 */
template <typename Code> Result<Code> read_code(uint32_t number, const char* what) {
  if (number > plan::kHighest<Code>) return Error{what, std::to_string(number), EINVAL};
  return Code{number};
}

HealthSettings& health_of(Settings& settings) {
  if (!settings.health) settings.health = std::make_unique<HealthSettings>();
  return *settings.health;
}

}  // namespace

Result<void> run_directory(Context& context, const plan::RunDirectory& step) {
  Settings& settings = *TRY(settings_of(context));
  settings.run_directory = step.path.str();
  settings.id = step.id.str();
  return {};
}

Result<void> stdio(Context& context, const plan::Stdio& step) {
  for (const uint32_t kind : {step.stdin_, step.stdout_, step.stderr_}) {
    TRY(read_code<plan::StreamKind>(kind, "stdio"));
  }
  TRY(settings_of(context))->stdio = step;
  return {};
}

Result<void> log(Context& context, const plan::Log& step) {
  TRY(settings_of(context))->log = LogSettings{
      .driver = TRY(read_code<plan::LogDriver>(step.driver, "log driver")),
      .path = step.path.str(),
      .max_bytes = step.max_bytes,
      .max_files = step.max_files,
      .mode = step.mode,
  };
  return {};
}

Result<void> restart(Context& context, const plan::Restart& step) {
  TRY(read_code<plan::RestartPolicy>(step.policy, "restart policy"));
  TRY(settings_of(context))->restart = step;
  return {};
}

Result<void> time_limit(Context& context, const plan::TimeLimit& step) {
  TRY(settings_of(context))->time_limit_ms = step.milliseconds;
  return {};
}

Result<void> oom_counter(Context& context, const plan::OomCounter& step) {
  TRY(settings_of(context))->oom_counter = OomCounterSettings{step.slot, step.file.str(), step.key.str()};
  return {};
}

Result<void> pid_file(Context& context, const plan::PidFile& step) {
  const auto owner = TRY(read_code<plan::PidFileOwner>(step.which, "pid file"));
  Settings& settings = *TRY(settings_of(context));
  const bool of_init = owner == plan::PidFileOwner::kInit;
  (of_init ? settings.init_pid_file : settings.monitor_pid_file) = step.path.str();
  return {};
}

Result<void> role(Context& context, const plan::Role& step) {
  const auto role = TRY(read_code<plan::MonitorRole>(step.kind, "role"));
  TRY(settings_of(context))->role = role;
  return {};
}

Result<void> health_check(Context& context, const plan::HealthCheck& step) {
  const auto kind = TRY(read_code<plan::CheckKind>(step.kind, "health check"));
  HealthSettings& health = health_of(*TRY(settings_of(context)));
  (kind == plan::CheckKind::kRegular ? health.regular : health.startup) = CheckSettings{
      .plan = std::string(reinterpret_cast<const char*>(step.plan.data()), step.plan.size()),
      .interval_ms = step.interval_ms,
      .timeout_ms = step.timeout_ms,
      .failures = step.failures,
      .successes = step.successes,
      .grace_ms = step.grace_ms,
  };
  return {};
}

Result<void> health(Context& context, const plan::Health& step) {
  const auto on_failure = TRY(read_code<plan::FailureAction>(step.on_failure, "health action"));
  HealthSettings& health = health_of(*TRY(settings_of(context)));
  health.on_failure = on_failure;
  health.stop_signal = static_cast<int>(step.stop_signal);
  health.stop_timeout_ms = step.stop_timeout_ms;
  health.log_entries = step.log_entries;
  health.output_bytes = step.output_bytes;
  health.freezer = step.freezer.str();
  health.thawed = step.thawed.str();
  return {};
}

}  // namespace tspod::ops
