// State of the supervising loop. The functions that work on it are in supervise (the loop itself), streams,
// attach, ending and checking.
#pragma once

#include <sys/ioctl.h>

#include <cstdint>
#include <memory>
#include <optional>

#include "core/sys_process.h"
#include "monitor/buffers.h"
#include "monitor/checks.h"
#include "monitor/clients.h"
#include "monitor/forwarding.h"
#include "monitor/input.h"
#include "monitor/log_format.h"
#include "monitor/monitor.h"
#include "monitor/poller.h"
#include "monitor/restart.h"

namespace tspod {

enum class Phase {
  kCreated,  // waits at the gate
  kRunning,
  kWaiting,  // for the restart delay
  kLeaving,  // only clients still have to receive what was sent
};

/** One of the container's output streams, or its terminal. */
struct Output {
  Output(LogStream s, Source source) : stream(s), watch{.source = source} {}

  LogStream stream;
  Watch watch;
  UniqueFd fd;
  bool terminal = false;
  bool hung_up = false;  // nobody has the terminal open at the moment
  bool widened = false;  // the pipe was full once and has been enlarged
};

/** Returns the restart settings of a plan. */
inline RestartSettings restart_settings(const plan::Restart& restart) {
  return {.policy = plan::RestartPolicy{restart.policy},
          .max_retries = restart.max_retries,
          .first_delay_ms = restart.first_delay_ms,
          .last_delay_ms = restart.last_delay_ms};
}

inline bool has_restart_policy(const plan::Restart& restart) {
  return plan::RestartPolicy{restart.policy} != plan::RestartPolicy::kNo;
}

struct Loop {
  explicit Loop(Monitor& m) : monitor(m) {}

  Monitor& monitor;
  Launched launched;
  Phase phase = Phase::kCreated;

  Poller poller;
  UniqueFd signals;
  UniqueFd timer;  // the time limit of a run, or the delay before the next; made before anybody counts on it
  Watch signals_watch{.source = Source::kSignals};
  Watch listener_watch{.source = Source::kListener};
  Watch timer_watch{.source = Source::kTimer};
  Watch input_watch{.source = Source::kStdin};

  /** No descriptor or memory was left for a connection: paused until a client goes, or for a while. */
  bool accepting_paused = false;
  bool status_is_old = false;    // the state file: it could not be written
  uint64_t paused_since_ns = 0;  // CLOCK_MONOTONIC, since something is paused; 0: nothing is
  bool cut_short = false;        // do not wait for slow clients at the end
  Clients clients;
  Input input;
  Output out{LogStream::kStdout, Source::kStdout};
  Output err{LogStream::kStderr, Source::kStderr};
  ScratchBuffer scratch{kReadBytes};

  Restarter restarter;
  std::unique_ptr<Checks> checks;        // none for most
  std::unique_ptr<Forwarder> forwarder;  // none without forwarded ports
  uint64_t run_began_ns = 0;             // CLOCK_BOOTTIME
  bool timed_out = false;
  bool oom_killed = false;
  uint64_t finished_ns = 0;                // CLOCK_REALTIME, of the last run
  std::optional<sys::Ending> last_ending;  // none: no run has ended yet

  bool is_exec() const { return monitor.settings.role != plan::MonitorRole::kContainer; }
  bool is_check() const { return monitor.settings.role == plan::MonitorRole::kCheck; }
  bool has_terminal() const { return monitor.settings.stdio.terminal != 0; }

  /** Maximum number of bytes read from one descriptor at once. */
  static constexpr size_t kReadBytes = 128 * 1024;
};

}  // namespace tspod
