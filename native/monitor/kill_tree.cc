#include "monitor/kill_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <memory>
#include <string>
#include <vector>

#include "core/sys.h"

namespace tspod {
namespace {

/**
 * More processes than this are not looked for: those that remain are killed with their process group, if at
 * all.
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

/** Adds the children of one thread: "PID PID ...". */
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

void add_children_of(pid_t pid, std::vector<pid_t>& into) {
  const std::string path = "/proc/" + std::to_string(pid) + "/task";
  const std::unique_ptr<DIR, CloseDirectory> tasks(::opendir(path.c_str()));
  if (!tasks) return;
  while (const dirent* entry = ::readdir(tasks.get())) {
    if (entry->d_name[0] != '.') add_children(::dirfd(tasks.get()), entry->d_name, into);
  }
}

}  // namespace

void kill_tree(pid_t root) {
  std::vector<pid_t> found{root};
  for (size_t i = 0; i < found.size() && found.size() < kMostProcesses; ++i) {
    // Stopped, it neither reaps its children, so their numbers stay theirs, nor makes new ones.
    (void)::kill(found[i], SIGSTOP);
    add_children_of(found[i], found);
  }
  if (::getpgid(root) == root) (void)::kill(-root, SIGKILL);
  for (size_t i = found.size(); i > 0; --i) (void)::kill(found[i - 1], SIGKILL);
}

}  // namespace tspod
