// The monitor after the launch: one thread with one loop, until the container has ended for good.
//
// It runs in the host's namespaces, as root, in a session of its own, as a subreaper. What it waits for is
// derived from its state before each wait (`watch_all`), so that no function has to remember to arm or disarm
// anything.

#include <malloc.h>
#include <sys/signalfd.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <utility>

#include "core/sys.h"
#include "core/sys_process.h"
#include "monitor/attach.h"
#include "monitor/checking.h"
#include "monitor/ending.h"
#include "monitor/loop.h"
#include "monitor/record_files.h"
#include "monitor/streams.h"

namespace tspod {
namespace {

/**
 * Time without events after which buffers are unmapped, and time after which what failed for want of
 * resources is tried again.
 */
constexpr int kIdleMs = 1000;
constexpr uint64_t kIdleNs = kIdleMs * 1'000'000ULL;

Result<void> catch_signals(Loop& loop) {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGCHLD, SIGTERM, SIGINT}) sigaddset(&signals, signal);
  TRY(sys::check(::sigprocmask(SIG_BLOCK, &signals, nullptr), "sigprocmask"));
  loop.signals = TRY(sys::signalfd(signals));
  loop.signals_watch.fd = loop.signals.get();
  return {};
}

Result<void> set_up(Loop& loop) {
  loop.poller = TRY(Poller::make());
  TRY(catch_signals(loop));
  TRY(loop.poller.watch(loop.signals_watch, kReadable));
  loop.timer = TRY(sys::timerfd_create());
  loop.timer_watch.fd = loop.timer.get();
  TRY(loop.poller.watch(loop.timer_watch, kReadable));
  loop.listener_watch.fd = loop.monitor.supervision.listener.get();
  loop.restarter = Restarter(restart_settings(loop.monitor.settings.restart));
  return set_up_checking(loop);
}

/**
 * Kills the container if the loop cannot be set up: nobody could supervise it, and nobody has been told that
 * it runs.
 */
int give_up(Monitor& monitor, const Launched& launched, const Error& error) {
  (void)sys::pidfd_send_signal(launched.pidfd.get(), SIGKILL);
  (void)sys::wait_for(launched.pidfd.get());
  if (monitor.engine) {
    Client engine(0, std::move(monitor.engine));
    send_message(engine, message::Failed{Failure::kNoStep, error.err, describe(error)});
  }
  abandon_supervision(monitor);
  (void)tear_down(monitor);
  return 1;
}

void begin(Loop& loop) {
  adopt_engine(loop);
  open_streams(loop);
  if (!loop.launched.gated()) return enter_running(loop);
  loop.clients.for_each([&](Client& engine) {
    send_message(engine, message::Created{.pid = static_cast<uint32_t>(loop.launched.pid),
                                          .start_time = loop.launched.start_time});
  });
}

void read_signals(Loop& loop) {
  signalfd_siginfo info;
  const auto into = std::span(reinterpret_cast<char*>(&info), sizeof info);
  while (sys::try_read(loop.signals.get(), into) == static_cast<ssize_t>(sizeof info)) {
    if (info.ssi_signo != SIGCHLD) handle_termination(loop, static_cast<int>(info.ssi_signo));
  }
  reap_children(loop);
}

/** Watches the held ports; a later launch may be the first that holds any. */
void watch_ports(Loop& loop) {
  const std::vector<ops::HeldPort>& ports = loop.monitor.context.held_ports;
  if (!loop.forwarder && std::ranges::any_of(ports, &ops::HeldPort::forwards))
    loop.forwarder = std::make_unique<Forwarder>(loop.poller);
  if (loop.forwarder) loop.forwarder->watch(ports);
}

void watch_all(Loop& loop) {
  // Where watching fails (for want of memory), it is tried again before the next wait.
  const bool listening = loop.monitor.supervision.listener && !loop.accepting_paused;
  (void)loop.poller.watch(loop.listener_watch, listening ? kReadable : kNothing);
  if (loop.checks) watch_checks(loop);
  watch_ports(loop);
  (void)loop.poller.watch(loop.out.watch, events_of(loop, loop.out));
  (void)loop.poller.watch(loop.err.watch, events_of(loop, loop.err));
  (void)loop.poller.watch(loop.input_watch, loop.input.has_waiting() ? kWritable : kNothing);
  if (loop.input.is_finished()) loop.input.close();
  loop.clients.for_each([&](Client& client) {
    if (!loop.poller.watch(client.watch, events_of(loop, client))) client.gone = true;
  });
}

void handle(Loop& loop, const Event& event) {
  switch (event.source) {
    case Source::kSignals: return read_signals(loop);
    case Source::kListener: return accept_clients(loop);
    case Source::kClient: return serve_client(loop, event);
    case Source::kStdout: return pump(loop, loop.out);
    case Source::kStderr: return pump(loop, loop.err);
    case Source::kStdin: return loop.input.flush();
    case Source::kTimer: return handle_timer(loop);
    case Source::kCheckTimer: return handle_check_timer(loop);
    case Source::kCheckOutput: return read_check_output(loop);
    case Source::kForwardPort:
      if (loop.forwarder) loop.forwarder->accept(loop.monitor.context.held_ports, event.id);
      return;
    case Source::kForward:
      if (loop.forwarder) loop.forwarder->serve(event);
      return;
  }
}

bool has_paused(const Loop& loop) {
  return loop.accepting_paused || loop.status_is_old || (loop.forwarder && loop.forwarder->is_paused());
}

/**
 * Tries again, after a while, what failed for want of descriptors, memory or disk space, also while other
 * events keep coming.
 */
void resume_paused(Loop& loop) {
  if (!has_paused(loop)) {
    loop.paused_since_ns = 0;
    return;
  }
  const uint64_t now_ns = sys::clock_ns(CLOCK_MONOTONIC);
  if (loop.paused_since_ns == 0) loop.paused_since_ns = now_ns;
  if (now_ns - loop.paused_since_ns < kIdleNs) return;
  loop.paused_since_ns = 0;
  loop.accepting_paused = false;
  if (loop.status_is_old) write_status_again(loop);
  if (loop.forwarder) loop.forwarder->resume();
}

/** Waits once and handles the events. Returns false if waiting itself fails. */
bool turn(Loop& loop) {
  Log& log = loop.monitor.supervision.log;
  const bool wakes = loop.scratch.held() || log.holds_memory() || has_paused(loop);
  const Result<bool> happened =
      loop.poller.wait(wakes ? kIdleMs : -1, [&](const Event& event) { handle(loop, event); });
  if (!happened) return false;
  resume_paused(loop);
  if (*happened) return true;
  loop.scratch.release();
  log.trim();
  return true;
}

bool is_done(const Loop& loop) {
  return loop.phase == Phase::kLeaving && (loop.cut_short || !loop.clients.any_unsent());
}

}  // namespace

int supervise(Monitor& monitor, Launched launched) {
  Loop loop(monitor);
  const Result<void> ready = set_up(loop);
  if (!ready) return give_up(monitor, launched, ready.error());
  loop.launched = std::move(launched);
  begin(loop);
  reap_children(loop);  // children that ended before SIGCHLD was caught
  (void)::malloc_trim(0);
  bool works = true;
  while (works && !is_done(loop)) {
    sweep_clients(loop);
    watch_all(loop);
    works = turn(loop);
  }
  return works ? 0 : 1;
}

}  // namespace tspod
