#include "monitor/checking.h"

#include <poll.h>

#include <algorithm>
#include <csignal>
#include <string>
#include <utility>

#include "core/sys.h"
#include "core/sys_event.h"
#include "core/sys_process.h"
#include "monitor/ending.h"
#include "monitor/record_files.h"

namespace tspod {
namespace {

using message::CheckAnswer;

/** Maximum number of bytes read from a check's output at once. */
constexpr size_t kOutputReadBytes = 64 * 1024;

/** Time in ms that a killed check may take to end when the monitor leaves. */
constexpr int kVanishMs = 5000;

constexpr uint64_t kNsPerMs = 1'000'000;

const ops::CheckSettings& current_check(const Checks& checks) {
  return checks.counter.in_startup() ? checks.settings.startup : checks.settings.regular;
}

void set_timer(Checks& checks, CheckTimer due, uint64_t milliseconds) {
  checks.due = due;
  // 0 would turn the timer off: what is due at once is due in a millisecond.
  const uint64_t delay = due == CheckTimer::kOff ? 0 : std::max<uint64_t>(milliseconds, 1);
  (void)sys::timerfd_settime(checks.timer.get(), delay);
}

void wait_for_next(Checks& checks) {
  const uint64_t interval = current_check(checks).interval_ms;
  set_timer(checks, interval == 0 ? CheckTimer::kOff : CheckTimer::kNextCheck, interval);
}

/**
 * Whether the container's cgroup is frozen. Read each time: whoever freezes a cgroup does not tell the
 * monitor.
 */
bool is_frozen(const Checks& checks) {
  const std::string& path = checks.settings.freezer;
  if (path.empty()) return false;
  const Result<UniqueFd> file = sys::open(path.c_str(), O_RDONLY);
  if (!file) return false;
  char text[64];
  const ssize_t count = sys::try_read(file->get(), text);
  if (count <= 0) return false;
  const std::string_view word(text, static_cast<size_t>(count));
  return word.substr(0, word.find('\n')) != checks.settings.thawed;
}

/** Writes the file `health`. A failure does not stop the checks: the file is only for those who look. */
void write_record(Loop& loop) {
  const Checks& checks = *loop.checks;
  if (loop.monitor.run_directory)
    (void)write_health(loop.monitor.run_directory.get(), format_health(checks.counter, checks.log));
}

void answer(Client& client, CheckAnswer result) {
  client.asked_for_check = client.awaits_check = false;
  send_message(client, message::Checked{.result = static_cast<uint32_t>(result)});
}

void close_output(Loop& loop) {
  Checks& checks = *loop.checks;
  loop.poller.unwatch(checks.output_watch);
  checks.output_watch.fd = -1;
  checks.process.output.reset();
}

/** Makes the check's process kill its command, if it still runs. It is reaped when it has ended. */
void hang_up(Loop& loop) {
  close_output(loop);
  loop.checks->process.line.reset();
}

/**
 * Reads once from the check's output and keeps the first bytes of all. Returns false if there is nothing to
 * read now.
 */
bool read_output(Loop& loop) {
  Checks& checks = *loop.checks;
  const std::span<char> buffer = loop.scratch.get();
  if (buffer.empty() || !checks.process.output) return false;
  const ssize_t count = sys::try_read(checks.process.output.get(), buffer.first(kOutputReadBytes));
  if (count == -EAGAIN) return false;
  if (count <= 0) {
    close_output(loop);
    return false;
  }
  std::string& kept = checks.result->output;
  const size_t room =
      checks.settings.output_bytes - std::min<size_t>(kept.size(), checks.settings.output_bytes);
  kept.append(buffer.data(), std::min(room, static_cast<size_t>(count)));
  return true;
}

/**
 * Reads the rest of the output. Processes that the check started may go on writing: no more is read than a
 * pipe holds.
 */
void drain_output(Loop& loop) {
  constexpr size_t kPipeBytes = 64 * 1024;
  for (size_t reads = 0; reads <= kPipeBytes / kOutputReadBytes && read_output(loop); ++reads) continue;
}

/** Ends the container with its stop signal, and with SIGKILL after the configured time (0: at once). */
void end_container(Loop& loop) {
  Checks& checks = *loop.checks;
  checks.ends_run = true;
  if (checks.settings.stop_timeout_ms == 0) return send_signal(loop, SIGKILL);
  send_signal(loop, checks.settings.stop_signal);
  set_timer(checks, CheckTimer::kKill, checks.settings.stop_timeout_ms);
}

void act(Loop& loop, plan::FailureAction action) {
  Checks& checks = *loop.checks;
  switch (action) {
    case plan::FailureAction::kNone: return;
    case plan::FailureAction::kKill:
      checks.ends_run = true;
      loop.restarter.disarm();
      return send_signal(loop, SIGKILL);
    case plan::FailureAction::kStop: loop.restarter.disarm(); return end_container(loop);
    case plan::FailureAction::kRestart:
      if (loop.restarter.is_disarmed()) return;  // the user is stopping it
      checks.relaunches = true;
      return end_container(loop);
  }
}

plan::FailureAction action_for(const Checks& checks, HealthVerdict verdict) {
  switch (verdict) {
    case HealthVerdict::kUnhealthy: return checks.settings.on_failure;
    case HealthVerdict::kFailedStartup: return plan::FailureAction::kRestart;
    case HealthVerdict::kNone:
    case HealthVerdict::kPassedStartup: break;
  }
  return plan::FailureAction::kNone;
}

bool somebody_asks(Loop& loop) {
  bool asks = false;
  loop.clients.for_each(
      [&](const Client& client) { asks = asks || (client.asked_for_check && !client.gone); });
  return asks;
}

/** Tells the clients that wait for a check that it will not run. */
void refuse_clients(Loop& loop) {
  loop.clients.for_each([&](Client& client) {
    if (client.asked_for_check || client.awaits_check) answer(client, CheckAnswer::kNotRun);
  });
}

/**
 * Handles the result of a check: counts it, records it, tells the clients that asked, and acts on the
 * verdict.
 */
void finish_check(Loop& loop) {
  Checks& checks = *loop.checks;
  CheckResult result = std::move(*checks.result);
  checks.result.reset();
  set_timer(checks, CheckTimer::kOff, 0);
  result.ended_ns = sys::clock_ns(CLOCK_REALTIME);
  const bool passed = result.passed();
  const CheckAnswer words = passed                        ? CheckAnswer::kPassed
                            : checks.counter.in_startup() ? CheckAnswer::kFailedStartup
                                                          : CheckAnswer::kFailed;
  const uint64_t age = checks.began_ns - std::min(checks.began_ns, loop.run_began_ns);
  const HealthVerdict verdict = checks.counter.count(passed, age);
  checks.log.add(std::move(result));
  write_record(loop);
  loop.clients.for_each([&](Client& client) {
    if (client.awaits_check) answer(client, words);
  });
  act(loop, action_for(checks, verdict));
  if (checks.ends_run) return refuse_clients(loop);
  const bool regular_begins =
      verdict == HealthVerdict::kPassedStartup && checks.settings.regular.interval_ms != 0;
  if (regular_begins || somebody_asks(loop)) return set_timer(checks, CheckTimer::kNextCheck, 0);
  wait_for_next(checks);
}

void fail_check(Loop& loop, int err, const std::string& words) {
  CheckResult& result = *loop.checks->result;
  result.err = err;
  if (result.output.empty()) result.output = words;
  finish_check(loop);
}

void start_now(Loop& loop) {
  Checks& checks = *loop.checks;
  checks.result.emplace().began_ns = sys::clock_ns(CLOCK_REALTIME);
  checks.began_ns = sys::clock_ns(CLOCK_BOOTTIME);
  loop.clients.for_each([&](Client& client) {
    if (std::exchange(client.asked_for_check, false)) client.awaits_check = true;
  });
  // A check that was killed and has not ended is stuck in the kernel: another would get stuck as well.
  if (checks.process) return fail_check(loop, ETIMEDOUT, "the previous check has not ended");
  const ops::CheckSettings& check = current_check(checks);
  Result<CheckProcess> started = start_check(check.plan, loop.launched.pidfd.get());
  if (!started) return fail_check(loop, started.error().err, describe(started.error()));
  checks.process = std::move(*started);
  checks.output_watch.fd = checks.process.output.get();
  set_timer(checks, CheckTimer::kCheckLimit, check.timeout_ms);
}

/**
 * Fails the check that has reached its time limit. If the container is frozen the check starts its time limit
 * anew.
 */
void end_at_limit(Loop& loop) {
  Checks& checks = *loop.checks;
  if (!checks.result) return;
  if (is_frozen(checks)) return set_timer(checks, CheckTimer::kCheckLimit, current_check(checks).timeout_ms);
  drain_output(loop);
  hang_up(loop);
  fail_check(loop, ETIMEDOUT, {});
}

void start_next(Loop& loop) {
  if (!is_frozen(*loop.checks)) return start_now(loop);
  refuse_clients(loop);
  wait_for_next(*loop.checks);
}

HealthRules rules_of(const ops::HealthSettings& settings) {
  return {.failures = settings.regular.failures,
          .grace_ns = settings.regular.grace_ms * kNsPerMs,
          .has_startup = !settings.startup.plan.empty(),
          .startup_failures = settings.startup.failures,
          .startup_successes = settings.startup.successes};
}

}  // namespace

Result<void> set_up_checking(Loop& loop) {
  const std::unique_ptr<ops::HealthSettings>& settings = loop.monitor.settings.health;
  if (!settings) return {};
  loop.checks = std::make_unique<Checks>(*settings, rules_of(*settings));
  loop.checks->timer = TRY(sys::timerfd_create());
  loop.checks->timer_watch.fd = loop.checks->timer.get();
  return {};
}

void prepare_checking(Loop& loop) {
  if (!loop.checks) return;
  Checks& checks = *loop.checks;
  checks.counter.begin();
  checks.log.clear();
  checks.ends_run = checks.relaunches = false;
  // A check of an earlier run that has not ended does not keep this run from being checked; a second one that
  // gets stuck does.
  if (!checks.outlived) checks.outlived = std::exchange(checks.process, CheckProcess());
  write_record(loop);
}

void begin_checking(Loop& loop) {
  if (loop.checks && current_check(*loop.checks).interval_ms != 0) start_next(loop);
}

void ask_for_check(Loop& loop, Client& client) {
  const bool runs = loop.checks && loop.phase == Phase::kRunning && !loop.checks->ends_run;
  if (!runs || is_frozen(*loop.checks)) return answer(client, CheckAnswer::kNotRun);
  client.asked_for_check = true;
  if (!loop.checks->result) start_now(loop);
}

bool may_relaunch(const Loop& loop) {
  if (!loop.checks) return false;
  const ops::HealthSettings& settings = loop.checks->settings;
  return settings.on_failure == plan::FailureAction::kRestart || settings.startup.failures != 0;
}

bool is_relaunched_by_check(const Loop& loop) {
  return loop.checks && loop.checks->relaunches;
}

void watch_checks(Loop& loop) {
  Checks& checks = *loop.checks;
  (void)loop.poller.watch(checks.timer_watch, kReadable);
  (void)loop.poller.watch(checks.output_watch, checks.process.output ? kReadable : kNothing);
}

void handle_check_timer(Loop& loop) {
  Checks& checks = *loop.checks;
  if (!sys::take_expiry(checks.timer.get())) return;
  switch (std::exchange(checks.due, CheckTimer::kOff)) {
    case CheckTimer::kOff: return;
    case CheckTimer::kNextCheck: return start_next(loop);
    case CheckTimer::kCheckLimit: return end_at_limit(loop);
    case CheckTimer::kKill: return send_signal(loop, SIGKILL);
  }
}

void read_check_output(Loop& loop) {
  if (loop.checks->result) (void)read_output(loop);
}

bool check_has_ended(Loop& loop, pid_t pid) {
  if (!loop.checks) return false;
  Checks& checks = *loop.checks;
  if (pid == checks.outlived.pid) {
    checks.outlived = CheckProcess();
    return true;
  }
  if (pid != checks.process.pid) return false;
  const bool awaited = checks.result && checks.process.line;
  if (awaited) {
    drain_output(loop);
    take_result(checks.process, *checks.result);
  }
  close_output(loop);
  checks.process = CheckProcess();
  if (awaited) finish_check(loop);
  return true;
}

void end_checking(Loop& loop) {
  if (!loop.checks) return;
  Checks& checks = *loop.checks;
  set_timer(checks, CheckTimer::kOff, 0);
  checks.result.reset();
  hang_up(loop);
  refuse_clients(loop);
}

void await_check(Loop& loop) {
  if (!loop.checks) return;
  hang_up(loop);
  for (const CheckProcess* process : {&loop.checks->process, &loop.checks->outlived}) {
    if (!*process) continue;
    pollfd end{process->pidfd.get(), POLLIN, 0};
    const int ended = sys::retry([&] { return ::poll(&end, 1, kVanishMs); });
    if (ended == 0) (void)sys::pidfd_send_signal(process->pidfd.get(), SIGKILL);
  }
}

}  // namespace tspod
