// OCI hooks: programs of the administrator that are run at points of a container's life, with its state on
// stdin.
#include <poll.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <vector>

#include "core/sys.h"
#include "core/sys_process.h"
#include "ops/death_signal.h"
#include "ops/handlers.gen.h"

namespace tspod::ops {
namespace {

/** As much of what a failing hook writes to stderr as goes into the report. */
constexpr size_t kMaxWords = 512;

std::vector<char*> pointers(const wire::Strings& strings) {
  std::vector<char*> all;
  all.reserve(strings.size() + 1);
  for (const wire::String item : strings) all.push_back(const_cast<char*>(item.c_str()));
  all.push_back(nullptr);
  return all;
}

std::string_view text_of(wire::Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/** The container's pid as those outside know it; in the container's first process procfs tells it. */
Result<std::string> container_pid(Context& context) {
  if (context.stage != plan::Stage::kInit) return std::to_string(context.child);
  const UniqueFd proc = TRY(context.proc.open_file(".", O_PATH | O_DIRECTORY));
  return sys::readlinkat(proc.get(), "self");
}

/** Between its fork and its exec: calls that are safe there, and no others. */
struct Start {
  const char* path;
  char* const* args;
  char* const* env;
  int state;
  int words;
  int fault;
  pid_t parent;
};

/** Becomes the hook, as a shell would start it: no signal blocked or ignored. Answers only why it did not. */
int become(const Start& start) {
  // A hook that nobody waits for any more ends; what it has left running does not.
  if (!arm_death_signal() || ::getppid() != start.parent) return ECANCELED;
  for (int stream = 0; stream < 3; ++stream) {
    if (::dup2(stream == STDIN_FILENO ? start.state : start.words, stream) == -1) return errno;
  }
  for (int signal = 1; signal <= SIGRTMAX; ++signal) (void)::signal(signal, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
  ::execve(start.path, start.args, start.env);
  return errno;
}

/** Forks with all signals blocked: a handler of the program that we are part of must not run in the child. */
pid_t fork_into(const Start& start) {
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t pid = ::fork();
  if (pid == 0) {
    const int err = become(start);
    (void)!::write(start.fault, &err, sizeof err);
    ::_exit(127);
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return pid;
}

/** Starts the hook with `state` and `words` as its streams. */
Result<pid_t> spawn(const plan::Hook& step, int state, int words) {
  std::vector<char*> args = pointers(step.args);
  if (step.args.empty()) args.insert(args.begin(), const_cast<char*>(step.path.c_str()));
  const std::vector<char*> env = pointers(step.env);
  // Closed by its exec.
  sys::Pipe fault = TRY(sys::pipe());
  const pid_t pid = fork_into({.path = step.path.c_str(),
                               .args = args.data(),
                               .env = env.data(),
                               .state = state,
                               .words = words,
                               .fault = fault.write.get(),
                               .parent = ::getpid()});
  if (pid == -1) return last_error("fork", step.path.str());
  fault.write.reset();
  int err = 0;
  const ssize_t count = sys::retry([&] { return ::read(fault.read.get(), &err, sizeof err); });
  if (count <= 0) return pid;
  (void)sys::retry([&] { return ::waitpid(pid, nullptr, 0); });
  return Error{"hook", step.path.str(), err};
}

int64_t now_ms() {
  timespec now;
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

/** Keeps the first words of the stream and drops the rest; false at its end. */
bool gather(int stream, std::string& words) {
  std::array<char, 1024> part;
  const ssize_t count = sys::retry([&] { return ::read(stream, part.data(), part.size()); });
  if (count <= 0) return false;
  words.append(part.data(), std::min(static_cast<size_t>(count), kMaxWords - words.size()));
  return true;
}

/** Reads what the hook says until it ends (a daemon that it left behind may keep the pipe open); false if
 * time ran out. */
Result<bool> listen(int process, int stream, uint32_t timeout_ms, std::string& words) {
  const int64_t deadline = now_ms() + timeout_ms;
  std::array<pollfd, 2> sources{pollfd{process, POLLIN, 0}, pollfd{stream, POLLIN, 0}};
  for (;;) {
    const int64_t left = timeout_ms == 0 ? -1 : std::max<int64_t>(deadline - now_ms(), 0);
    const auto call = [&] {
      return ::poll(sources.data(), sources.size(), static_cast<int>(std::min<int64_t>(left, INT32_MAX)));
    };
    TRY(sys::check(sys::retry(call), "poll"));
    if (sources[1].revents != 0 && !gather(stream, words)) sources[1].fd = -1;
    if (sources[0].revents != 0) return true;
    if (left == 0) return false;
  }
}

Error failure(const plan::Hook& step, const sys::Ending& ending, std::string words) {
  const std::string how = ending.signal != 0 ? "killed by signal " + std::to_string(ending.signal)
                                             : "exit code " + std::to_string(ending.code);
  while (!words.empty() && words.back() == '\n') words.pop_back();
  if (!words.empty()) words = ": " + words;
  return Error{"hook", step.path.str() + ": " + how + words, ECHILD};
}

}  // namespace

Result<void> hook(Context& context, const plan::Hook& step) {
  std::string state(text_of(step.state_before));
  state += TRY(container_pid(context));
  state += text_of(step.state_after);
  // A file in memory and no pipe: a hook that does not read its stdin holds nobody up.
  const UniqueFd input = TRY(sys::memory_file("state", state));
  sys::Pipe output = TRY(sys::pipe());
  const pid_t pid = TRY(spawn(step, input.get(), output.write.get()));
  output.write.reset();
  const UniqueFd process = TRY(sys::pidfd_open(pid));

  std::string words;
  const bool in_time = TRY(listen(process.get(), output.read.get(), step.timeout_ms, words));
  if (!in_time) TRY(sys::pidfd_send_signal(process.get(), SIGKILL));
  const sys::Ending ending = TRY(sys::wait_for(process.get()));
  if (!in_time) return Error{"hook", step.path.str(), ETIMEDOUT};
  if (ending.code == 0 && ending.signal == 0) return {};
  // What it said last may still be in the pipe.
  pollfd rest{output.read.get(), POLLIN, 0};
  while (::poll(&rest, 1, 0) == 1 && gather(output.read.get(), words)) {
  }
  return failure(step, ending, std::move(words));
}

}  // namespace tspod::ops
