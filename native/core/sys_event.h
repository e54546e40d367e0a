// System calls for waiting: epoll, signals and timers as descriptors, listening sockets.
#pragma once

#include <sys/epoll.h>

#include <csignal>
#include <cstdint>
#include <span>

#include "core/result.h"
#include "core/unique_fd.h"

namespace tspod::sys {

Result<UniqueFd> epoll_create();
Result<void> epoll_ctl(int epoll, int operation, int fd, epoll_event event);
/**
 * Waits for events and returns them; none after `timeout_ms` (-1: no limit) or when a signal interrupts the
 * wait.
 */
Result<std::span<epoll_event>> epoll_wait(int epoll, std::span<epoll_event> into, int timeout_ms);

/**
 * Makes a non-blocking descriptor from which the signals of the set are read; the caller must have blocked
 * them.
 */
Result<UniqueFd> signalfd(const sigset_t& signals);

/** Makes a non-blocking timer, not set, that also counts while the machine sleeps (CLOCK_BOOTTIME). */
Result<UniqueFd> timerfd_create();
/** Sets the timer to expire once, after this time; 0 turns it off. */
Result<void> timerfd_settime(int timer, uint64_t milliseconds);
/** Whether the timer has expired since this was last asked; a timer that was set anew meanwhile has not. */
bool take_expiry(int timer);

/**
 * Makes a non-blocking SOCK_STREAM socket that listens at `path`, which has to fit into sun_path. The
 * socket's file has mode 0600, whatever the umask.
 */
Result<UniqueFd> listen_at(const char* path, int backlog);
/** Accepts the next connection, non-blocking. EAGAIN if there is none. */
Result<UniqueFd> accept(int listener);
/**
 * Returns the user id of the process at the other end, as of when it connected, listened or made the pair.
 */
Result<uid_t> peer_uid(int socket);

Result<void> set_nonblocking(int fd);

/**
 * Returns the number of bytes read, 0 at the end, or -errno. Allocates no error: for descriptors that often
 * give EAGAIN.
 */
ssize_t try_read(int fd, std::span<char> into);

/** Returns the time of a clock (CLOCK_REALTIME, CLOCK_BOOTTIME) in ns. */
uint64_t clock_ns(clockid_t clock);

}  // namespace tspod::sys
