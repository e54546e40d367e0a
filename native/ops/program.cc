#include "ops/program.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <vector>

#include "core/sys.h"
#include "ops/death_signal.h"

namespace tspod::ops {
namespace {

/** Maximum number of bytes of a failing program's output in the report. */
constexpr size_t kMaxWords = 512;

std::vector<char*> pointers(const wire::Strings& strings) {
  std::vector<char*> all;
  all.reserve(strings.size() + 1);
  for (const wire::String item : strings) all.push_back(const_cast<char*>(item.c_str()));
  all.push_back(nullptr);
  return all;
}

/** What the child needs between fork and exec, where only async-signal-safe calls are allowed. */
struct Start {
  const char* path;
  char* const* args;
  char* const* env;
  ProgramStreams streams;
  int fault;
  pid_t parent;
};

/** Moves the streams to 0, 1 and 2, by way of higher numbers: a source may itself be one of these. */
bool place_streams(const ProgramStreams& streams) {
  const std::array sources{streams.in, streams.out, streams.err};
  std::array<int, 3> moved{};
  for (int stream = 0; stream < 3; ++stream) {
    moved[stream] = ::fcntl(sources[stream], F_DUPFD_CLOEXEC, 3);
    if (moved[stream] == -1) return false;
  }
  for (int stream = 0; stream < 3; ++stream) {
    if (::dup2(moved[stream], stream) == -1) return false;
  }
  return true;
}

/** Executes the program; returns only on failure, with the errno. */
int become(const Start& start) {
  // The program ends when nobody waits for it any more; what it has left running does not.
  if (!arm_death_signal() || ::getppid() != start.parent) return ECANCELED;
  if (!place_streams(start.streams)) return errno;
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

int64_t now_ms() {
  timespec now;
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

/** Reads once from the stream, keeps the first words and drops the rest; false at its end. */
bool gather(int stream, std::string& words) {
  std::array<char, 1024> part;
  const ssize_t count = sys::retry([&] { return ::read(stream, part.data(), part.size()); });
  if (count <= 0) return false;
  words.append(part.data(), std::min(static_cast<size_t>(count), kMaxWords - words.size()));
  return true;
}

/**
 * Reads the program's output until the program ends (a daemon that it has left behind may keep the pipe
 * open); false if the time ran out.
 */
Result<bool> read_output(int process, int stream, uint32_t timeout_ms, std::string& words) {
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

Error failure(const Program& program, const sys::Ending& ending, std::string words) {
  while (!words.empty() && words.back() == '\n') words.pop_back();
  if (!words.empty()) words = ": " + words;
  return Error{program.kind, program.path.str() + ": " + words_of(ending) + words, ECHILD};
}

}  // namespace

std::string words_of(const sys::Ending& ending) {
  return ending.signal != 0 ? "killed by signal " + std::to_string(ending.signal)
                            : "exit code " + std::to_string(ending.code);
}

Result<pid_t> spawn_program(const Program& program, const ProgramStreams& streams) {
  std::vector<char*> args = pointers(program.args);
  if (program.args.empty()) args.insert(args.begin(), const_cast<char*>(program.path.c_str()));
  const std::vector<char*> env = pointers(program.env);
  // A successful exec closes the pipe.
  sys::Pipe fault = TRY(sys::pipe());
  const pid_t pid = fork_into({.path = program.path.c_str(),
                               .args = args.data(),
                               .env = env.data(),
                               .streams = streams,
                               .fault = fault.write.get(),
                               .parent = ::getpid()});
  if (pid == -1) return last_error("fork", program.path.str());
  fault.write.reset();
  int err = 0;
  const ssize_t count = sys::retry([&] { return ::read(fault.read.get(), &err, sizeof err); });
  if (count <= 0) return pid;
  (void)sys::retry([&] { return ::waitpid(pid, nullptr, 0); });
  return Error{program.kind, program.path.str(), err};
}

Result<void> run_program(const Program& program, int input, uint32_t timeout_ms) {
  sys::Pipe output = TRY(sys::pipe());
  const int said = output.write.get();
  const pid_t pid = TRY(spawn_program(program, {.in = input, .out = said, .err = said}));
  output.write.reset();
  const UniqueFd process = TRY(sys::pidfd_open(pid));

  std::string words;
  const bool in_time = TRY(read_output(process.get(), output.read.get(), timeout_ms, words));
  if (!in_time) TRY(sys::pidfd_send_signal(process.get(), SIGKILL));
  const sys::Ending ending = TRY(sys::wait_for(process.get()));
  if (!in_time) return Error{program.kind, program.path.str(), ETIMEDOUT};
  if (ending.code == 0 && ending.signal == 0) return {};
  // The end of the output may still be in the pipe.
  pollfd rest{output.read.get(), POLLIN, 0};
  while (::poll(&rest, 1, 0) == 1 && gather(output.read.get(), words)) {
  }
  return failure(program, ending, std::move(words));
}

}  // namespace tspod::ops
