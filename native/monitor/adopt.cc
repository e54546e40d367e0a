#include "monitor/adopt.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <csignal>
#include <string>

#include "core/socket.h"
#include "core/sys.h"
#include "core/sys_event.h"
#include "core/sys_process.h"
#include "ops/program.h"

namespace tspod {
namespace {

/**
 * Size of the buffer for the terminal's name, which the runtime sends with the descriptor. The name is not
 * used.
 */
constexpr size_t kMaxName = 4096;

/** The console socket, on which the runtime sends the terminal's master. */
class Console {
 public:
  Result<void> open(int run_directory, const wire::String& name) {
    if (name.empty()) return {};
    (void)sys::unlinkat(run_directory, name.c_str(), 0);  // left by an earlier run
    const std::string path = "/proc/self/fd/" + std::to_string(run_directory) + "/" + name.str();
    listener_ = TRY(sys::listen_at(path.c_str(), 1));
    return {};
  }

  bool expected() const { return listener_.valid() && !terminal_.valid(); }
  /** Returns the descriptor to wait for, or -1 if nothing (more) is expected. */
  int source() const { return !expected() ? -1 : connection_ ? connection_.get() : listener_.get(); }

  /** Reads from the source, which must be readable. */
  Result<void> proceed() {
    if (!connection_) {
      connection_ = TRY(sys::accept(listener_.get()));
      return {};
    }
    std::array<char, kMaxName> name;
    std::array<UniqueFd, 1> master;
    (void)TRY(receive_packet(connection_.get(), name, master));
    if (!master[0]) return Error{"console", "no terminal was received", EPROTO};
    terminal_ = std::move(master[0]);
    return {};
  }

  UniqueFd take_terminal() { return std::move(terminal_); }

 private:
  UniqueFd listener_;
  UniqueFd connection_;
  UniqueFd terminal_;
};

/** Which of the runtime, the console and the engine has something to report. */
struct Happened {
  bool ended = false;
  bool console = false;
  bool engine_gone = false;
};

Result<Happened> wait(const Monitor& monitor, const UniqueFd& runtime, const Console& console) {
  std::array sources{pollfd{runtime.get(), POLLIN, 0}, pollfd{console.source(), POLLIN, 0},
                     pollfd{monitor.engine.get(), 0, 0}};
  TRY(sys::check(sys::retry([&] { return ::poll(sources.data(), sources.size(), -1); }), "poll"));
  return Happened{.ended = sources[0].revents != 0,
                  .console = sources[1].revents != 0,
                  .engine_gone = sources[2].revents != 0};
}

/** Waits for the runtime to end. A terminal that it has sent is taken before its end is noticed. */
Result<void> follow(const Monitor& monitor, const UniqueFd& runtime, Console& console) {
  for (;;) {
    const Happened happened = TRY(wait(monitor, runtime, console));
    if (happened.console) {
      TRY(console.proceed());
      continue;
    }
    if (happened.ended) return {};
    if (happened.engine_gone) return Error{"create", "the engine is gone", ECANCELED};
  }
}

Result<pid_t> read_pid(const wire::String& path) {
  const UniqueFd file = TRY(sys::open(path.c_str(), O_RDONLY));
  std::array<char, 32> text;
  const size_t size = TRY(sys::read(file.get(), text));
  pid_t pid = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + size, pid);
  if (parsed.ec != std::errc() || pid <= 0) return Error{"create", path.str() + ": no pid", EPROTO};
  return pid;
}

}  // namespace

Result<Adopted> create_by_runtime(const Monitor& monitor, const plan::Adopt& step,
                                  const ChildStreams& streams) {
  Console console;
  TRY(console.open(monitor.run_directory.get(), step.console));
  const ops::Program program{.kind = "create", .path = step.path, .args = step.args, .env = step.env};
  const pid_t pid =
      TRY(ops::spawn_program(program, {.in = streams[0], .out = streams[1], .err = streams[2]}));
  const UniqueFd runtime = TRY(sys::pidfd_open(pid));
  const Result<void> followed = follow(monitor, runtime, console);
  if (!followed) (void)sys::pidfd_send_signal(runtime.get(), SIGKILL);
  const sys::Ending ending = TRY(sys::wait_for(runtime.get()));
  TRY(followed);
  if (ending.code != 0 || ending.signal != 0)
    return Error{"create", step.path.str() + ": " + ops::words_of(ending), ECHILD};
  if (console.expected()) return Error{"console", "no terminal was received", EPROTO};

  Adopted adopted;
  adopted.pid = TRY(read_pid(step.pid_file));
  adopted.terminal = console.take_terminal();
  adopted.pidfd = TRY(sys::pidfd_open(adopted.pid));
  (void)TRY(sys::has_ended(adopted.pidfd.get()));  // ECHILD: not our child
  return adopted;
}

}  // namespace tspod
