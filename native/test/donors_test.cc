// Which process's namespaces a launch joins, from the state file of the other container's monitor.
#include "ops/donors.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "core/sys.h"
#include "monitor/record.h"
#include "ops/handlers.gen.h"
#include "test/check.h"
#include "test/plan_builder.h"
#include "test/temporary_directory.h"

namespace tspod::test {
namespace {

constexpr uint32_t kSlot = 3;

StateRecord state_of(ProcessName init, ContainerStatus status = ContainerStatus::kRunning) {
  return {.monitor = {12, 345}, .init = init, .status = status, .started_ns = 7, .restarts = 2};
}

/** Describes the running process in words. */
std::string running(std::string_view state) {
  const std::optional<ProcessName> process = ops::running_process(state);
  return process ? std::to_string(process->pid) + " " + std::to_string(process->start_time) : "nobody";
}

TEST("donors: a state that the monitor writes names the process of one that runs") {
  CHECK_EQUAL(running(format_state(state_of({13, 346}))), "13 346");
  CHECK_EQUAL(running(format_state(state_of({13, 346}, ContainerStatus::kCreated))), "nobody");
  CHECK_EQUAL(running(format_state(state_of({13, 346}, ContainerStatus::kWaiting))), "nobody");
}

TEST("donors: a state that is cut off or damaged names nobody") {
  const std::string whole = format_state(state_of({13, 346}));
  for (size_t size = 0; size < whole.find("started"); ++size)
    CHECK_EQUAL(running(whole.substr(0, size)), "nobody");
  for (const char* init :
       {"", "13", "13 ", " 346", "-13 346", "0 346", "13 346 1", "13 346x", "99999999999 1"})
    CHECK_EQUAL(running("init " + std::string(init) + "\nstatus running\n"), "nobody");
  CHECK_EQUAL(running("xinit 13 346\nstatus running\n"), "nobody");
  CHECK_EQUAL(running("init 13 346\nstatus runningly\n"), "nobody");
}

/** A launch that joins the container of a state file. */
class Joining {
 public:
  /** Opens the donor; returns 0, or the errno, such as ESRCH. */
  int open(const std::string& state) {
    const std::string operands = Operands().u32(kSlot).str("other").str(state).text();
    const Result<void> done = ops::dispatch(context_, plan::Op::kOpenDonor, bytes_of(operands));
    return done ? 0 : done.error().err;
  }
  bool holds() { return static_cast<bool>(context_.slots.get(kSlot)); }
  bool lacks() { return ops::lacks_donor(context_); }
  uint64_t start_time(pid_t pid) { return *context_.proc.start_time(pid); }

 private:
  ops::Context context_;
};

TEST("donors: who runs is opened, and missed when it has ended") {
  TemporaryDirectory directory;
  const std::string file = directory.path("state");
  const pid_t child = ::fork();
  if (child == 0) {
    ::pause();
    ::_exit(0);
  }
  Joining joining;
  std::ofstream(file) << format_state(state_of({child, joining.start_time(child)}));
  CHECK_EQUAL(joining.open(file), 0);
  CHECK(joining.holds());
  CHECK(!joining.lacks());
  ::kill(child, SIGKILL);
  siginfo_t info{};
  (void)::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT);
  CHECK(joining.lacks());
  Joining late;
  CHECK_EQUAL(late.open(file), ESRCH);  // it has ended, and is not reaped
  CHECK(late.lacks());
  (void)::waitpid(child, nullptr, 0);
  CHECK(joining.lacks());
  CHECK_EQUAL(Joining().open(file), ESRCH);
}

TEST("donors: no state, and another process under the number, are nobody") {
  TemporaryDirectory directory;
  const std::string file = directory.path("state");
  Joining none;
  CHECK_EQUAL(none.open(file), ESRCH);
  CHECK(none.lacks());
  Joining other;
  std::ofstream(file) << format_state(state_of({::getpid(), other.start_time(::getpid()) + 1}));
  CHECK_EQUAL(other.open(file), ESRCH);
  CHECK(other.lacks());
  CHECK(!other.holds());
}

TEST("donors: what cannot be read is an error of its own") {
  TemporaryDirectory directory;
  std::filesystem::create_symlink("/dev/null", directory.path("state"));
  Joining joining;
  CHECK_EQUAL(joining.open(directory.path("state")), ELOOP);
  CHECK(!joining.lacks());
}

}  // namespace
}  // namespace tspod::test
