#include "monitor/ending.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <string>
#include <utility>

#include "core/profile.h"
#include "core/sys.h"
#include "core/sys_process.h"
#include "monitor/cgroups.h"
#include "monitor/checking.h"
#include "monitor/kill_tree.h"
#include "monitor/oom.h"
#include "monitor/record_files.h"
#include "monitor/replan.h"
#include "monitor/streams.h"

namespace tspod {
namespace {

/** Added to the number of the signal that ended a container to make its exit code, as a shell does. */
constexpr int kSignalBase = 128;

int32_t code_of(const sys::Ending& ending) {
  return ending.signal == 0 ? ending.code : kSignalBase + ending.signal;
}

std::string words_for(const Failure& failure) {
  const std::string reason = ::strerrordesc_np(failure.err) != nullptr ? ::strerrordesc_np(failure.err) : "";
  const std::string what = failure.detail.empty() ? reason : failure.detail + ": " + reason;
  return failure.step == Failure::kNoStep ? what : "step " + std::to_string(failure.step) + ": " + what;
}

void write_status(Loop& loop, ContainerStatus status) {
  loop.monitor.supervision.state.status = status;
  write_status_again(loop);
}

void set_timer(Loop& loop, uint64_t milliseconds) {
  (void)sys::timerfd_settime(loop.timer.get(), milliseconds);  // cannot fail on a timer
}

ExitRecord exit_record_of(const Loop& loop) {
  const Supervision& supervision = loop.monitor.supervision;
  ExitRecord record;
  if (loop.last_ending) {
    record.code = code_of(*loop.last_ending);
    record.signal = static_cast<uint32_t>(loop.last_ending->signal);
  }
  record.oom_killed = loop.oom_killed;
  record.timed_out = loop.timed_out;
  record.started_ns = supervision.state.started_ns;
  record.finished_ns = loop.finished_ns;
  record.restarts = supervision.state.restarts;
  return record;
}

/**
 * Returns the record of a run that another run follows. If a check ended the run it has the health, since the
 * file `health` begins anew with the next run.
 */
ExitRecord end_record_of(const Loop& loop) {
  ExitRecord record = exit_record_of(loop);
  if (is_relaunched_by_check(loop)) record.health = summarize_health(loop.checks->counter, loop.checks->log);
  return record;
}

/**
 * Closes and removes the attach socket, so that nobody can connect any more. The name is free for the next
 * monitor before the exit record lets the engine spawn one.
 */
void close_listener(Loop& loop) {
  UniqueFd& listener = loop.monitor.supervision.listener;
  if (!listener) return;
  loop.poller.unwatch(loop.listener_watch);
  (void)sys::unlinkat(loop.monitor.run_directory.get(), "attach", 0);
  listener.reset();
}

std::optional<uint32_t> delay_after(Loop& loop, const RunOutcome& outcome) {
  return is_relaunched_by_check(loop) ? loop.restarter.forced_delay(outcome)
                                      : loop.restarter.next_delay(outcome);
}

void end_run(Loop& loop, const sys::Ending& ending) {
  profile::mark(profile::Mark::kEnded);
  loop.last_ending = ending;
  loop.finished_ns = sys::clock_ns(CLOCK_REALTIME);
  loop.oom_killed = count_oom_kills(loop.monitor) > loop.monitor.supervision.oom_kills_before;
  set_timer(loop, 0);
  end_checking(loop);
  drain_and_close_streams(loop);
  loop.launched = Launched();
  const bool ran = loop.phase == Phase::kRunning;
  const RunOutcome outcome{.failed = ending.code != 0 || ending.signal != 0,
                           .lasted_ns = sys::clock_ns(CLOCK_BOOTTIME) - loop.run_began_ns};
  const std::optional<uint32_t> delay = ran ? delay_after(loop, outcome) : std::nullopt;
  if (!delay) return leave(loop);
  // A record that cannot be written (on a full disk) is lost: the container goes on.
  const UniqueFd& directory = loop.monitor.run_directory;
  if (directory) (void)publish_end_record(directory.get(), end_record_of(loop));
  renew_cgroups(loop.monitor);
  loop.phase = Phase::kWaiting;
  write_status(loop, ContainerStatus::kWaiting);
  set_timer(loop, *delay);
}

/** Launches the container for its next run, without waiting at the gate. */
Result<void, Failure> launch_next(Loop& loop) {
  TRY(adopt_next_plan(loop.monitor));
  loop.launched = TRY(launch(loop.monitor));
  if (!loop.launched.gated()) return {};
  return open_gate(loop.monitor, loop.launched);
}

/**
 * Puts a failed launch off if another container, whose namespaces this one joins, does not run: that one may
 * be between two runs, or stopped. Waiting for it is like waiting for the end of a restart delay. Returns
 * false if the launch is not to be tried again.
 */
bool put_off(Loop& loop) {
  if (!lacks_donor(loop.monitor)) return false;
  const bool wanted = has_restart_policy(loop.monitor.settings.restart) || is_relaunched_by_check(loop);
  const std::optional<uint32_t> delay = wanted ? loop.restarter.put_off_delay() : std::nullopt;
  if (!delay) return false;
  --loop.monitor.supervision.state.restarts;
  write_status(loop, ContainerStatus::kWaiting);
  set_timer(loop, *delay);
  return true;
}

void launch_again(Loop& loop) {
  ++loop.monitor.supervision.state.restarts;
  const Result<void, Failure> launched = launch_next(loop);
  if (!launched) {
    loop.launched = Launched();
    if (launched.error().err == ECANCELED) return leave(loop);  // called off
    return put_off(loop) ? void() : leave(loop, words_for(launched.error()));
  }
  open_streams(loop);
  enter_running(loop);
}

/**
 * Reaps one child that has ended; false if there is none. In a check's process its command's process group is
 * killed before the number is free for another.
 */
bool reap_one(const Loop& loop, siginfo_t& info) {
  const int options = WEXITED | WNOHANG | (loop.is_check() ? WNOWAIT : 0);
  info = {};
  const int found = sys::retry([&] { return ::waitid(P_ALL, 0, &info, options); });
  if (found == -1 || info.si_pid == 0) return false;
  if (!loop.is_check()) return true;
  if (info.si_pid == loop.launched.pid && ::getpgid(info.si_pid) == info.si_pid)
    (void)::kill(-info.si_pid, SIGKILL);
  (void)sys::retry([&] { return ::waitid(P_PID, static_cast<id_t>(info.si_pid), nullptr, WEXITED); });
  return true;
}

}  // namespace

void send_signal(const Loop& loop, int signal) {
  if (loop.launched.pidfd)
    (void)sys::pidfd_send_signal(loop.launched.pidfd.get(), signal);  // ESRCH: it has ended
}

void kill_run(const Loop& loop) {
  if (loop.is_exec() && loop.launched.pid != 0) kill_tree(loop.launched.pid);
  send_signal(loop, SIGKILL);
}

void write_status_again(Loop& loop) {
  // A full disk must not end a running container: the old state stays until writing works.
  loop.status_is_old = !record_state(loop.monitor);
}

void send_started(const Loop& loop, Client& client) {
  const StateRecord& state = loop.monitor.supervision.state;
  send_message(client, message::Started{.pid = static_cast<uint32_t>(state.init.pid),
                                        .start_time = state.init.start_time,
                                        .started_ns = state.started_ns});
}

void enter_running(Loop& loop) {
  if (!has_restart_policy(loop.monitor.settings.restart) && !may_relaunch(loop)) forget_launch(loop.monitor);
  loop.phase = Phase::kRunning;
  loop.run_began_ns = sys::clock_ns(CLOCK_BOOTTIME);
  loop.timed_out = false;
  loop.monitor.supervision.state.started_ns = loop.launched.started_ns;
  write_status(loop, ContainerStatus::kRunning);
  set_timer(loop, loop.monitor.settings.time_limit_ms);
  prepare_checking(loop);
  settle_input(loop);
  loop.clients.for_each([&](Client& client) {
    if (client.attached() || client.asked_for_start) send_started(loop, client);
  });
  begin_checking(loop);
}

void reap_children(Loop& loop) {
  siginfo_t info{};
  while (reap_one(loop, info)) {
    if (check_has_ended(loop, info.si_pid) || info.si_pid != loop.launched.pid) continue;
    const bool exited = info.si_code == CLD_EXITED;
    end_run(loop, exited ? sys::Ending{.code = info.si_status} : sys::Ending{.signal = info.si_status});
  }
}

void end_unstarted(Loop& loop, const Failure& failure) {
  drain_and_close_streams(loop);
  loop.launched = Launched();
  loop.finished_ns = sys::clock_ns(CLOCK_REALTIME);
  leave(loop, words_for(failure));
}

void handle_timer(Loop& loop) {
  if (!sys::take_expiry(loop.timer.get())) return;
  if (loop.phase == Phase::kWaiting) return launch_again(loop);
  if (loop.phase != Phase::kRunning) return;
  loop.timed_out = true;
  kill_run(loop);
}

void handle_termination(Loop& loop, int signal) {
  loop.restarter.disarm();
  switch (loop.phase) {
    case Phase::kCreated: return send_signal(loop, SIGKILL);
    case Phase::kRunning: return send_signal(loop, signal);
    case Phase::kWaiting: return leave(loop);
    case Phase::kLeaving: loop.cut_short = true; return;
  }
}

void leave(Loop& loop, const std::string& error) {
  ExitRecord record = exit_record_of(loop);
  record.error = error;
  set_timer(loop, 0);
  close_listener(loop);
  const UniqueFd& reserved = loop.monitor.supervision.exit_record;
  // If this fails (because the directory is gone), only the clients can be told.
  if (reserved) (void)publish_exit_record(loop.monitor.run_directory.get(), reserved, record);
  loop.phase = Phase::kLeaving;
  loop.status_is_old = false;  // the directory may belong to another monitor by now
  loop.clients.for_each([&](Client& client) {
    send_message(client, message::Exited{.code = record.code,
                                         .signal = record.signal,
                                         .oom_killed = record.oom_killed ? 1U : 0U,
                                         .timed_out = record.timed_out ? 1U : 0U,
                                         .started_ns = record.started_ns,
                                         .finished_ns = record.finished_ns});
  });
  if (loop.forwarder) loop.forwarder->close();
  await_check(loop);
  (void)adopt_next_plan(loop.monitor);  // its teardown may have more to undo
  (void)tear_down(loop.monitor);        // the engine sees what is left, and runs the steps again
  profile::mark(profile::Mark::kTornDown);
}

}  // namespace tspod
