// OCI hooks: programs of the administrator that are run at points of a container's life, with its state on
// stdin.
#include <poll.h>
#include <spawn.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <vector>

#include "core/sys.h"
#include "core/sys_process.h"
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

/** Starts the hook like a shell would, with no signal blocked or ignored, and `state` and `words` as its
 * streams. */
Result<pid_t> spawn(const plan::Hook& step, int state, int words) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_adddup2(&actions, state, STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, words, STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, words, STDERR_FILENO);
  sigset_t signals;
  ::sigemptyset(&signals);
  ::posix_spawnattr_setsigmask(&attributes, &signals);
  ::sigfillset(&signals);
  ::posix_spawnattr_setsigdefault(&attributes, &signals);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);

  std::vector<char*> args = pointers(step.args);
  if (step.args.empty()) args.insert(args.begin(), const_cast<char*>(step.path.c_str()));
  pid_t pid = 0;
  const int err =
      ::posix_spawn(&pid, step.path.c_str(), &actions, &attributes, args.data(), pointers(step.env).data());
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  if (err != 0) return Error{"hook", step.path.str(), err};
  return pid;
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
