#include "addon/vfork_exec.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/mapping.h"
#include "core/sys.h"
#include "core/sys_process.h"

namespace tspod::addon {
namespace {

constexpr int kFirstFd = 3;
constexpr size_t kStackBytes = 64 * 1024;

/** Data shared by parent and child: the child writes nowhere else. */
struct Child {
  int executable;
  char* const* arguments;
  char* const* environment;
  int* fds;
  int fd_count;
  int null_device;
  bool keep_stderr;
  // Set if the program could not be started.
  const char* failed_call = nullptr;
  int error = 0;
};

/** Returns the pointers that execve takes, null-terminated. They point into the strings. */
std::vector<char*> pointers_to(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (const std::string& text : strings) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

[[noreturn]] void fail(Child& child, const char* call) {
  child.error = errno;
  child.failed_call = call;
  ::_exit(127);
}

/**
 * Moves a descriptor above the range that the program's descriptors will fill, so that a source is not
 * overwritten before it is used.
 */
void move_up(Child& child, int& fd) {
  int first_free = kFirstFd + child.fd_count;
  if (fd >= first_free) return;
  fd = ::fcntl(fd, F_DUPFD_CLOEXEC, first_free);
  if (fd < 0) fail(child, "fcntl");
}

void place_descriptors(Child& child) {
  move_up(child, child.executable);
  move_up(child, child.null_device);
  for (int i = 0; i < child.fd_count; i++) move_up(child, child.fds[i]);
  for (int i = 0; i < child.fd_count; i++) {
    if (::dup3(child.fds[i], kFirstFd + i, /*flags=*/0) < 0) fail(child, "dup3");
  }
  for (int fd = 0; fd < (child.keep_stderr ? 2 : 3); fd++) {
    if (::dup3(child.null_device, fd, /*flags=*/0) < 0) fail(child, "dup3");
  }
  // Descriptors of Node.js are close-on-exec already; those of other libraries in the process may not be.
  auto first_other = static_cast<unsigned>(kFirstFd + child.fd_count);
  if (::syscall(SYS_close_range, first_other, ~0U, CLOSE_RANGE_CLOEXEC) < 0) fail(child, "close_range");
}

/**
 * Resets all signals to their defaults: an ignored one (Node.js ignores SIGPIPE) would stay ignored across
 * exec.
 */
void reset_signals() {
  struct sigaction standard = {};
  standard.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; signal++)
    (void)::sigaction(signal, &standard, nullptr);  // fails for SIGKILL
  sigset_t none;
  sigemptyset(&none);
  (void)::sigprocmask(SIG_SETMASK, &none, nullptr);
}

/**
 * The child until exec. It runs in the parent's memory while the parent's thread is suspended, so only
 * async-signal-safe calls are allowed, and it changes nothing but `Child`. Its descriptors and signal
 * handlers are copies; its stack is its own.
 */
int child_main(void* argument) {
  auto& child = *static_cast<Child*>(argument);
  if (::setsid() < 0) fail(child, "setsid");
  if (::chdir("/") < 0) fail(child, "chdir");
  place_descriptors(child);
  reset_signals();
  ::syscall(SYS_execveat, child.executable, "", child.arguments, child.environment, AT_EMPTY_PATH);
  fail(child, "execveat");
}

/**
 * Blocks all signals during its lifetime: a handler of Node.js must not run in the child, on shared memory.
 */
class SignalBlock {
 public:
  SignalBlock() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalBlock() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalBlock(const SignalBlock&) = delete;
  SignalBlock& operator=(const SignalBlock&) = delete;

 private:
  sigset_t before_;
};

}  // namespace

Result<Spawned> vfork_exec(const ExecRequest& request) {
  std::vector<char*> arguments = pointers_to(request.arguments);
  std::vector<char*> environment = pointers_to(request.environment);
  std::vector<int> fds = request.fds;
  UniqueFd null_device = TRY(sys::open("/dev/null", O_RDWR | O_CLOEXEC));
  Child child{request.executable,           arguments.data(),  environment.data(), fds.data(),
              static_cast<int>(fds.size()), null_device.get(), request.keep_stderr};
  Mapping stack = TRY(Mapping::make(kStackBytes));
  void* stack_top = stack.bytes().data() + kStackBytes;

  SignalBlock no_signals;
  int pidfd = -1;
  pid_t pid = ::clone(child_main, stack_top, CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, &child, &pidfd);
  if (pid < 0) return last_error("clone");
  Spawned spawned{pid, UniqueFd(pidfd)};
  if (child.failed_call == nullptr) return spawned;
  (void)sys::wait_for(pidfd);  // it has called _exit: this reaps it
  return Error{child.failed_call, "", child.error};
}

}  // namespace tspod::addon
