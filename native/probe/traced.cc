// Runs in place of a monitor: has strace attached to itself, then becomes the monitor. The commands are in
// the last block of this very file, as words that each end with a NUL: first the monitor, then strace and its
// options. Descriptors, environment and process id are those of the monitor.
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

namespace {

constexpr off_t kBlock = 4096;

[[noreturn]] void fail(const char* what) {
  ::perror(what);
  ::_exit(99);
}

std::vector<std::string> words() {
  const int self = ::open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  struct stat status;
  if (self < 0 || ::fstat(self, &status) < 0) fail("/proc/self/exe");
  std::string block(kBlock, '\0');
  if (::pread(self, block.data(), kBlock, status.st_size - kBlock) != kBlock) fail("the last block");
  ::close(self);
  std::vector<std::string> found;
  for (size_t at = 0; block[at] != '\0'; at += found.back().size() + 1) found.emplace_back(&block[at]);
  return found;
}

bool is_traced(pid_t pid) {
  char text[4096];
  const int file = ::open(("/proc/" + std::to_string(pid) + "/status").c_str(), O_RDONLY | O_CLOEXEC);
  const ssize_t size = ::read(file, text, sizeof text - 1);
  ::close(file);
  if (size <= 0) ::_exit(0);
  text[size] = '\0';
  const char* tracer = ::strstr(text, "TracerPid:\t");
  return tracer != nullptr && ::atoi(tracer + ::strlen("TracerPid:\t")) != 0;
}

/** Attaches strace to the process. Runs as an orphan, without any of the monitor's descriptors. */
[[noreturn]] void trace(pid_t pid, std::vector<std::string> strace) {
  ::close_range(0, ~0U, 0);
  for (int fd = 0; fd < 3; fd++) (void)::open("/dev/null", O_RDWR);
  if (::fork() == 0) {
    strace.insert(strace.begin() + 1, {"-p", std::to_string(pid)});
    std::vector<char*> arguments;
    for (std::string& word : strace) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    ::execv(arguments[0], arguments.data());
    ::_exit(99);
  }
  while (!is_traced(pid)) ::usleep(200);
  ::kill(pid, SIGUSR1);
  ::_exit(0);
}

}  // namespace

int main(int, char** arguments, char** environment) {
  std::vector<std::string> told = words();
  const std::string monitor = told.front();
  told.erase(told.begin());
  sigset_t wake, before;
  ::sigemptyset(&wake);
  ::sigaddset(&wake, SIGUSR1);
  ::sigprocmask(SIG_BLOCK, &wake, &before);
  const pid_t self = ::getpid();
  const pid_t between = ::fork();
  if (between == 0) {
    if (::fork() == 0) trace(self, told);
    ::_exit(0);
  }
  ::waitpid(between, nullptr, 0);
  // Waits with a call that a monitor does not make: it would be counted.
  while (::sigwaitinfo(&wake, nullptr) != SIGUSR1) {
  }
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  ::execve(monitor.c_str(), arguments, environment);
  fail("execve");
}
