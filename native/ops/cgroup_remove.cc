// Removes a cgroup with everything in it. May be repeated; a cgroup that is gone already is success.
#include <poll.h>
#include <time.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <vector>

#include "core/directory.h"
#include "core/sys.h"
#include "core/sys_process.h"
#include "ops/handlers.gen.h"

namespace tspod::ops {
namespace {

/**
 * Time in ms that killed processes may take to end before EBUSY is reported (one that is stuck in the kernel
 * may take forever).
 */
constexpr int kPatienceMs = 10'000;
/** Maximum number of rounds of killing: each kills what was forked during the one before. */
constexpr int kMaxRounds = 100;

int64_t now_ms() {
  timespec now;
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

/** Whether a cgroup or its file has been removed meanwhile, which is no error here. */
bool is_gone(const Error& error) {
  return error.err == ENOENT || error.err == ENODEV;
}

Result<void> write_if_there(int group, const char* name, std::string_view value) {
  const Result<UniqueFd> file = sys::openat(group, name, O_WRONLY);
  if (!file) return is_gone(file.error()) ? Result<void>() : file.error();
  const Result<void> written = sys::write_once(file->get(), value, name);
  return !written && is_gone(written.error()) ? Result<void>() : written;
}

/**
 * Returns the processes of one cgroup, without those in a pid namespace that we cannot see, which read as 0.
 */
Result<std::vector<pid_t>> processes_of(int group) {
  const Result<UniqueFd> file = sys::openat(group, "cgroup.procs", O_RDONLY);
  if (!file) return is_gone(file.error()) ? Result<std::vector<pid_t>>(std::vector<pid_t>()) : file.error();
  std::string text;
  char part[4096];
  for (;;) {
    const Result<size_t> size = sys::read(file->get(), part);
    if (!size && is_gone(size.error())) break;
    const size_t count = TRY(Result<size_t>(size));
    if (count == 0) break;
    text.append(part, count);
  }
  std::vector<pid_t> pids;
  for (const char *at = text.data(), *end = at + text.size(); at < end; ++at) {
    pid_t pid = 0;
    at = std::from_chars(at, end, pid).ptr;
    if (pid > 0) pids.push_back(pid);
  }
  return pids;
}

/** A listed pid, and a pidfd of whatever process had it a moment later. */
struct Member {
  pid_t pid;
  UniqueFd process;
};

/** Waits for the process to end, not to be reaped: a dead process is in no cgroup any more. */
void wait_for_end(int pidfd, int64_t deadline) {
  pollfd end{pidfd, POLLIN, 0};
  const int64_t left = std::max<int64_t>(deadline - now_ms(), 0);
  (void)sys::retry([&] { return ::poll(&end, 1, static_cast<int>(left)); });
}

/**
 * Kills the processes of one cgroup, in rounds until there are none: a process may fork while others are
 * being killed.
 */
Result<void> kill_processes(int group, int64_t deadline) {
  // In a frozen cgroup v1 processes do not even die before it is thawed.
  TRY(write_if_there(group, "freezer.state", "THAWED"));
  for (int round = 0; round < kMaxRounds && now_ms() < deadline; ++round) {
    const std::vector<pid_t> pids = TRY(processes_of(group));
    if (pids.empty()) return {};
    std::vector<Member> members;
    for (const pid_t pid : pids) {
      Result<UniqueFd> process = sys::pidfd_open(pid);
      if (process) members.push_back({pid, std::move(*process)});
    }
    // A pid may have been reused elsewhere before its pidfd was opened. If the pid is still listed now, the
    // process of the pidfd is in the cgroup, or has ended.
    std::vector<pid_t> listed = TRY(processes_of(group));
    std::ranges::sort(listed);
    std::vector<UniqueFd> killed;
    for (Member& member : members) {
      if (!std::ranges::binary_search(listed, member.pid)) continue;
      (void)sys::pidfd_send_signal(member.process.get(), SIGKILL);  // ESRCH: it has ended by itself
      killed.push_back(std::move(member.process));
    }
    for (const UniqueFd& process : killed) wait_for_end(process.get(), deadline);
  }
  return {};
}

/**
 * Waits, at most until the deadline, for a cgroup v2 to be empty ("populated 0" in cgroup.events, whose
 * changes poll(2) reports). Version 1 reports nothing, and the kernel lets go of a dead process a moment
 * after its end is known: the caller can only look again.
 */
void wait_for_change(int group, int64_t deadline) {
  constexpr int kLookAgainMs = 1;
  const int64_t left = std::max<int64_t>(deadline - now_ms(), 0);
  const Result<UniqueFd> events = sys::openat(group, "cgroup.events", O_RDONLY);
  pollfd change{events ? events->get() : -1, POLLPRI, 0};
  // A change may have come before the file was opened: even in version 2 the wait is short.
  const int64_t wait = std::min<int64_t>(left, events ? 10 * kLookAgainMs : kLookAgainMs);
  (void)sys::retry([&] { return ::poll(&change, 1, static_cast<int>(wait)); });
}

Result<void> remove_directory(int parent, const char* name, int64_t deadline) {
  for (;;) {
    const Result<void> removed = sys::unlinkat(parent, name, AT_REMOVEDIR);
    if (removed || is_gone(removed.error())) return {};
    if (removed.error().err != EBUSY || now_ms() >= deadline) return removed;
    const Result<UniqueFd> group = sys::openat(parent, name, O_RDONLY | O_DIRECTORY);
    if (!group) return is_gone(group.error()) ? Result<void>() : group.error();
    wait_for_change(group->get(), deadline);
  }
}

/** Names of cgroups in one. */
using Names = std::vector<std::string>;

Result<Names> children_of(int group) {
  Names names;
  const Result<void> read = for_each_entry(group, [&](const DirectoryEntry& entry) -> Result<void> {
    if (entry.type == DT_DIR) names.emplace_back(entry.name);
    return {};
  });
  if (!read && !is_gone(read.error())) return read.error();  // others may be removing the same ones
  return names;
}

/**
 * Removes all cgroups in a cgroup, depth first: one that has cgroups in it cannot be removed. However deep
 * they are, it holds only one descriptor: a cgroup cannot be moved, so ".." is the one that led to it.
 */
Result<void> remove_inner(UniqueFd group, int64_t deadline) {
  TRY(kill_processes(group.get(), deadline));
  std::vector<Names> left;
  left.push_back(TRY(children_of(group.get())));
  while (!left.back().empty() || left.size() > 1) {
    if (left.back().empty()) {
      left.pop_back();
      group = TRY(sys::openat(group.get(), "..", O_RDONLY | O_DIRECTORY));
      TRY(remove_directory(group.get(), left.back().back().c_str(), deadline));
      left.back().pop_back();
      continue;
    }
    const char* name = left.back().back().c_str();
    Result<UniqueFd> child = sys::openat(group.get(), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (!child) {
      if (!is_gone(child.error())) return child.error();
      left.back().pop_back();
      continue;
    }
    group = std::move(*child);
    TRY(kill_processes(group.get(), deadline));
    left.push_back(TRY(children_of(group.get())));
  }
  return {};
}

}  // namespace

Result<void> cgroup_remove(Context&, const plan::CgroupRemove& step) {
  // Nearly always the cgroup is empty, and one call is enough.
  const Result<void> removed = sys::unlinkat(AT_FDCWD, step.path.c_str(), AT_REMOVEDIR);
  if (removed || is_gone(removed.error())) return {};
  if (removed.error().err != EBUSY) return removed;

  Result<UniqueFd> group = sys::open(step.path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!group) return is_gone(group.error()) ? Result<void>() : group.error();
  // In version 2, from Linux 5.14 on, this kills all at once, nested cgroups too, whatever they fork.
  TRY(write_if_there(group->get(), "cgroup.kill", "1"));
  const int64_t deadline = now_ms() + kPatienceMs;
  TRY(remove_inner(std::move(*group), deadline));
  return remove_directory(AT_FDCWD, step.path.c_str(), deadline);
}

}  // namespace tspod::ops
