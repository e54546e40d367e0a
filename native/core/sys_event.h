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
/** The events that are there, once there are any; none after `timeout_ms` (-1: never). */
Result<std::span<epoll_event>> epoll_wait(int epoll, std::span<epoll_event> into, int timeout_ms);

/** A non-blocking descriptor on which the signals of the set are read; they have to be blocked by the caller.
 */
Result<UniqueFd> signalfd(const sigset_t& signals);

/** A non-blocking timer that also counts while the machine sleeps (CLOCK_BOOTTIME); not set. */
Result<UniqueFd> timerfd_create();
/** Lets the timer expire once, after this time; 0 turns it off. */
Result<void> timerfd_settime(int timer, uint64_t milliseconds);

/**
 * A non-blocking SOCK_STREAM socket that listens at `path`, which has to fit into sun_path. Mode 0600,
 * whatever the umask.
 */
Result<UniqueFd> listen_at(const char* path, int backlog);
/** The next connection, non-blocking. EAGAIN if there is none. */
Result<UniqueFd> accept(int listener);
/** The user id of the process that connected to, or made, the other end. */
Result<uid_t> peer_uid(int socket);

Result<void> set_nonblocking(int fd);

/**
 * Bytes read, 0 at the end, without the error's words: for descriptors that answer EAGAIN often. -errno if it
 * failed.
 */
ssize_t try_read(int fd, std::span<char> into);

/** Nanoseconds of a clock (CLOCK_REALTIME, CLOCK_BOOTTIME). */
uint64_t clock_ns(clockid_t clock);

}  // namespace tspod::sys
