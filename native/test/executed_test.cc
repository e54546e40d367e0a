#include "monitor/executed.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>

#include "core/socket.h"
#include "core/sys.h"
#include "core/sys_process.h"
#include "test/check.h"

namespace tspod {
namespace {

constexpr useconds_t kMeanwhileUs = 30'000;

/**
 * Clones a child that closes its side of the socket and calls `then` some time later; returns the child once
 * the socket has ended.
 */
template <typename Then> sys::Cloned child_that_closes_first(Then then) {
  SocketPair pair = std::move(*packet_pair());
  sys::Cloned child = std::move(*sys::clone3({.flags = 0, .cgroup = -1}));
  if (child.pid == 0) {
    pair.first.reset();
    pair.second.reset();
    ::usleep(kMeanwhileUs);
    then();
    ::_exit(1);
  }
  pair.second.reset();
  char byte = 0;
  CHECK_EQUAL(::recv(pair.first.get(), &byte, 1, 0), ssize_t{0});
  return child;
}

TEST("executed: a program that runs only after its socket has ended has executed") {
  const sys::Cloned child =
      child_that_closes_first([] { ::execl("/bin/sleep", "sleep", "100", static_cast<char*>(nullptr)); });
  ops::Procfs proc;
  CHECK(*await_executed(proc, child.pid, child.pidfd.get()));
  CHECK(sys::pidfd_send_signal(child.pidfd.get(), SIGKILL));
  CHECK(sys::wait_for(child.pidfd.get()));
}

TEST("executed: a program that has ended by then has executed") {
  const sys::Cloned child =
      child_that_closes_first([] { ::execl("/bin/true", "true", static_cast<char*>(nullptr)); });
  ops::Procfs proc;
  CHECK(*await_executed(proc, child.pid, child.pidfd.get()));
  CHECK(sys::wait_for(child.pidfd.get()));
}

TEST("executed: who dies after its socket has ended has not, and is left to be reaped") {
  const sys::Cloned child = child_that_closes_first([] { ::_exit(125); });
  ops::Procfs proc;
  CHECK(!*await_executed(proc, child.pid, child.pidfd.get()));
  CHECK_EQUAL(sys::wait_for(child.pidfd.get())->code, 125);
}

}  // namespace
}  // namespace tspod
