#include "monitor/kill_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/sys.h"
#include "core/sys_process.h"

namespace tspod {
namespace {

/**
 * Maximum number of processes that are looked for. Further ones are killed only with the process group, if
 * they are in it.
 */
constexpr size_t kMostProcesses = 65536;

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

void add_numbers(std::string_view text, std::vector<pid_t>& into) {
  while (!text.empty()) {
    pid_t pid = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), pid);
    if (error == std::errc()) into.push_back(pid);
    text.remove_prefix(std::min<size_t>(static_cast<size_t>(end - text.data()) + 1, text.size()));
  }
}

/** Adds the children of one thread, from its file `children`: "PID PID ...". */
void add_children(int tasks, const char* thread, std::vector<pid_t>& into) {
  const std::string path = std::string(thread) + "/children";
  const Result<UniqueFd> file = sys::openat(tasks, path.c_str(), O_RDONLY);
  if (!file) return;
  std::string text;
  char part[4096];
  for (ssize_t count = 0; (count = ::read(file->get(), part, sizeof part)) > 0;) {
    text.append(part, static_cast<size_t>(count));
  }
  add_numbers(text, into);
}

std::vector<pid_t> children_of(pid_t pid) {
  std::vector<pid_t> children;
  const std::string path = "/proc/" + std::to_string(pid) + "/task";
  const std::unique_ptr<DIR, CloseDirectory> tasks(::opendir(path.c_str()));
  if (!tasks) return children;
  while (const dirent* entry = ::readdir(tasks.get())) {
    if (entry->d_name[0] != '.') add_children(::dirfd(tasks.get()), entry->d_name, children);
  }
  return children;
}

/**
 * A process and its pid, which stays its own until it is reaped: only then signalling the pidfd gives ESRCH.
 */
struct Process {
  pid_t pid;
  UniqueFd pidfd;

  bool is_there() const { return static_cast<bool>(sys::pidfd_send_signal(pidfd.get(), 0)); }
};

/** Returns the pid of the parent of the process that has this pid now; 0 if it cannot be read. */
pid_t parent_of(pid_t pid) {
  const Result<UniqueFd> file =
      sys::open(("/proc/" + std::to_string(pid) + "/stat").c_str(), O_RDONLY | O_NOCTTY);
  char text[1024];
  const ssize_t size = file ? ::read(file->get(), text, sizeof text) : -1;
  std::string_view rest(text, size > 0 ? static_cast<size_t>(size) : 0);
  // The name, which may hold anything, is followed by ") STATE PARENT ".
  constexpr size_t kBeforeParent = 4;
  const size_t name_end = rest.rfind(')');
  if (name_end == std::string_view::npos || rest.size() < name_end + kBeforeParent) return 0;
  rest.remove_prefix(name_end + kBeforeParent);
  pid_t parent = 0;
  (void)std::from_chars(rest.data(), rest.data() + rest.size(), parent);
  return parent;
}

/**
 * Adds a child by its pidfd. The parent may have been resumed and have reaped the child, and the pid may be
 * that of a process of the host by now: so after opening it is checked that it is a child of `parent`, and
 * that neither of the two has been reaped.
 */
void add_child(const Process& parent, pid_t pid, std::vector<Process>& into) {
  Result<UniqueFd> pidfd = sys::pidfd_open(pid);
  if (!pidfd) return;
  Process child{pid, std::move(*pidfd)};
  if (parent_of(pid) != parent.pid || !child.is_there() || !parent.is_there()) return;
  into.push_back(std::move(child));
}

/** Raises the limit of descriptors, since each process that is found takes one. */
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  (void)::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

void kill_tree(pid_t root) {
  raise_descriptor_limit();
  std::vector<Process> found;
  // The root is our own child: nobody else reaps it.
  Result<UniqueFd> pidfd = sys::pidfd_open(root);
  if (pidfd) found.push_back({root, std::move(*pidfd)});
  for (size_t i = 0; i < found.size(); ++i) {
    // A stopped process makes no new children, unless somebody resumes it.
    (void)sys::pidfd_send_signal(found[i].pidfd.get(), SIGSTOP);
    for (const pid_t child : children_of(found[i].pid)) {
      if (found.size() < kMostProcesses) add_child(found[i], child, found);
    }
  }
  if (::getpgid(root) == root) (void)::kill(-root, SIGKILL);
  for (size_t i = found.size(); i > 0; --i) (void)sys::pidfd_send_signal(found[i - 1].pidfd.get(), SIGKILL);
}

}  // namespace tspod
