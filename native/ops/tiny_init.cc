// First processes that are part of tspod. With --init, PID 1 reaps orphans and passes signals on, so that the
// command need not do so. A pod's infra container has no command at all: its process waits for its end.
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <climits>
#include <csignal>

#include "core/sys.h"
#include "core/sys_process.h"
#include "ops/death_signal.h"
#include "ops/handlers.gen.h"
#include "ops/title.h"

namespace tspod::ops {
namespace {

/** No process has this id. */
constexpr pid_t kNoCommand = 0;

/** Whether a signal is about PID 1 itself or its terminal; all others are for the command. */
bool is_for_init(int signal) {
  return signal == SIGCHLD || signal == SIGTTIN || signal == SIGTTOU || signal == SIGSEGV ||
         signal == SIGBUS || signal == SIGFPE || signal == SIGILL;
}

/**
 * Continues the command's process group if ^Z or the like has stopped it: there is no shell that would.
 * Without
 * --init the kernel ignores these stops, because no parent of the group is in its session.
 */
void continue_stopped(pid_t command, int status) {
  if (WSTOPSIG(status) == SIGTSTP) (void)::kill(-command, SIGCONT);
}

/** Reaps all children that have ended; returns the command's exit code if it was among them, or -1. */
int reap(pid_t command) {
  int exit_code = -1;
  for (;;) {
    int status = 0;
    const pid_t changed = ::waitpid(-1, &status, WNOHANG | WUNTRACED);
    if (changed <= 0) return exit_code;
    if (changed != command) continue;
    if (WIFSTOPPED(status)) {
      continue_stopped(command, status);
    } else {
      exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    }
  }
}

/**
 * Closes what is left of the launch, which must not be within reach of the container, and sets the process's
 * name and title.
 */
void settle(const Context& context, const char* title) {
  // The container outlives its monitor.
  (void)disarm_death_signal();
  (void)::prctl(PR_SET_NAME, title, 0, 0, 0);
  write_title(context.arguments, title);
  (void)sys::close_range(3, UINT_MAX, 0);
}

/**
 * Runs as PID 1, with the ids, capabilities and filter that the plan has given to the process so far. When it
 * ends, the kernel ends all that is left in the pid namespace.
 */
[[noreturn]] void serve(const Context& context, pid_t command, const sigset_t& signals) {
  // Until exec the command's process watches that there is a monitor.
  settle(context, "tspod-init");
  for (;;) {
    siginfo_t info{};
    const int signal = ::sigwaitinfo(&signals, &info);
    const int exit_code = reap(command);
    if (exit_code >= 0) ::_exit(exit_code);
    // ESRCH does not matter: the command has ended, as the next SIGCHLD will show.
    if (signal > 0 && !is_for_init(signal)) (void)::kill(command, signal);
  }
}

/**
 * Makes the command's process lead a process group of its own, so that Ctrl-C reaches it once and not also
 * through PID 1.
 */
Result<void> lead_process_group() {
  TRY(sys::check(::setpgid(0, 0), "setpgid"));
  if (::isatty(STDIN_FILENO) != 1) return {};
  // SIGTTOU is blocked, so a background process may do this.
  if (::tcsetpgrp(STDIN_FILENO, ::getpgrp()) == -1 && errno != ENOTTY) return last_error("tcsetpgrp");
  return {};
}

}  // namespace

Result<void> become_init(Context& context, const plan::BecomeInit&) {
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, &before);
  const pid_t command = ::fork();
  if (command == -1) return last_error("fork");
  if (command != 0) serve(context, command, all);
  const Result<void> leading = lead_process_group();
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  return leading;
}

Result<void> pause(Context& context, const plan::Pause&) {
  sigset_t all;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
  if (context.launch != nullptr) TRY(context.launch->check_monitor());
  settle(context, "tspod-pause");
  for (;;) {
    siginfo_t info{};
    const int signal = ::sigwaitinfo(&all, &info);
    (void)reap(kNoCommand);
    if (signal == SIGTERM || signal == SIGINT || signal == SIGQUIT) ::_exit(0);
  }
}

}  // namespace tspod::ops
