// Removes names that aardvark-dns serves on networks: it has a file for each network, with a line for each
// container. Lines of a container that has ended are removed, and the program is ended with the last of them:
// nobody else would end it.
#include <poll.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <string>
#include <vector>

#include "core/directory.h"
#include "core/file_lock.h"
#include "core/sys.h"
#include "core/sys_process.h"
#include "ops/handlers.gen.h"

namespace tspod::ops {
namespace {

constexpr const char* kPidFile = "aardvark.pid";
/** Maximum size of a file; ten thousand containers take two megabytes. */
constexpr size_t kMaxBytes = 16 << 20;
/** Time in ms that the program may take to end, which is usually milliseconds. */
constexpr int kPatienceMs = 2000;

bool is_gone(const Error& error) {
  return error.err == ENOENT || error.err == ENOTDIR;
}

Result<std::string> read_to_end(int file) {
  std::string text;
  char buffer[16384];
  for (;;) {
    const size_t size = TRY(sys::read(file, buffer));
    if (size == 0) return text;
    if (text.size() + size > kMaxBytes) return Error{"read", {}, EFBIG};
    text.append(buffer, size);
  }
}

Result<std::string> read_in(int directory, const char* name) {
  const UniqueFd file = TRY(sys::openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
  return read_to_end(file.get());
}

struct Edited {
  std::string text;
  bool changed = false;
  bool has_lines = false;  // after the first one, which says where to listen
};

Edited without_lines_of(std::string_view text, std::string_view id) {
  Edited edited;
  const std::string begin = std::string(id) + " ";
  for (bool is_first = true; !text.empty(); is_first = false) {
    const size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end == std::string_view::npos ? text.size() : end + 1);
    text.remove_prefix(line.size());
    const bool goes = !is_first && !id.empty() && line.starts_with(begin);
    edited.changed |= goes;
    if (goes) continue;
    edited.has_lines |= !is_first && line != "\n";
    edited.text += line;
  }
  return edited;
}

/** The result of editing all files of the directory. */
struct Found {
  bool changed = false;
  bool serves = false;  // a network with a container is left
};

/**
 * Replaces a file as a whole, since the program may be reading it. The new file is made beside the directory,
 * since in it the program would read it.
 */
Result<void> replace(int directory, const char* name, const std::string& spare, const std::string& text) {
  {
    const UniqueFd file = TRY(sys::open(spare.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600));
    TRY(sys::write_all(file.get(), text));
  }
  return sys::renameat(AT_FDCWD, spare.c_str(), directory, name);
}

Result<Found> edit_files(int directory, const plan::ForgetNames& step) {
  Found found;
  std::vector<std::string> names;
  TRY(for_each_entry(directory, [&](const DirectoryEntry& entry) -> Result<void> {
    if (std::string_view(entry.name) != kPidFile) names.emplace_back(entry.name);
    return {};
  }));
  for (const std::string& name : names) {
    const Edited edited = without_lines_of(TRY(read_in(directory, name.c_str())), step.id.view());
    found.changed |= edited.changed || !edited.has_lines;
    found.serves |= edited.has_lines;
    if (!edited.has_lines) {
      TRY(sys::unlinkat(directory, name.c_str(), 0));
    } else if (edited.changed) {
      TRY(replace(directory, name.c_str(), step.directory.str() + ".new", edited.text));
    }
  }
  return found;
}

bool has_ended(const Error& error) {
  return error.err == ENOENT || error.err == ESRCH;
}

/**
 * Whether the process was started for this directory: the pid in an old file may belong to another process by
 * now.
 */
Result<bool> serves_directory(Context& context, pid_t pid, std::string_view directory) {
  const std::string path = std::to_string(pid) + "/cmdline";
  const Result<UniqueFd> file = context.proc.open_file(path.c_str(), O_RDONLY);
  if (!file) return has_ended(file.error()) ? Result<bool>(false) : file.error();
  const Result<std::string> words = read_to_end(file->get());
  if (!words) return has_ended(words.error()) ? Result<bool>(false) : words.error();
  const std::string wanted = '\0' + std::string(directory) + '\0';
  return words->find(wanted) != std::string::npos;
}

/** Returns a pidfd of the program; an invalid one if it does not run. */
Result<UniqueFd> program_of(Context& context, int directory, std::string_view path) {
  const Result<std::string> text = read_in(directory, kPidFile);
  if (!text && is_gone(text.error())) return UniqueFd();
  if (!text) return text.error();
  pid_t pid = 0;
  std::from_chars(text->data(), text->data() + text->size(), pid);
  if (pid <= 0) return UniqueFd();
  Result<UniqueFd> process = sys::pidfd_open(pid);
  if (!process && process.error().err == ESRCH) return UniqueFd();
  if (!process) return process.error();
  // Checked after the pidfd was opened: if the process ends now, the signal reaches nobody.
  if (!TRY(serves_directory(context, pid, path))) return UniqueFd();
  return std::move(*process);
}

Result<void> signal(const UniqueFd& process, int number) {
  const Result<void> sent = sys::pidfd_send_signal(process.get(), number);
  return !sent && sent.error().err == ESRCH ? Result<void>() : sent;
}

/** Ends the program and waits for that, so that its sockets are not in the way of a new one. */
Result<void> end(const UniqueFd& process) {
  TRY(signal(process, SIGTERM));
  pollfd ended{.fd = process.get(), .events = POLLIN, .revents = 0};
  const int ready = sys::retry([&] { return ::poll(&ended, 1, kPatienceMs); });
  TRY(sys::check(ready, "poll"));
  return ready == 1 ? Result<void>() : signal(process, SIGKILL);
}

Result<void> unless_gone(Result<void> removed) {
  return !removed && is_gone(removed.error()) ? Result<void>() : removed;
}

/**
 * Records in the length of the lock file whether files have changed of which the program has not been told.
 */
Result<void> mark(const UniqueFd& lock, bool untold) {
  return lock ? sys::check(::ftruncate(lock.get(), untold ? 1 : 0), "ftruncate") : Result<void>();
}

/**
 * Removes the names and tells the program, with `tells` even if no file changes. Returns whether names are
 * left to serve.
 */
Result<bool> forget(Context& context, const plan::ForgetNames& step, bool tells) {
  const std::string path = step.directory.str();
  const Result<UniqueFd> directory = sys::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!directory && is_gone(directory.error())) return false;
  if (!directory) return directory.error();
  const Found found = TRY(edit_files(directory->get(), step));
  if (found.serves && !found.changed && !tells) return true;
  const UniqueFd process = TRY(program_of(context, directory->get(), path));
  if (found.serves) {
    if (process) TRY(signal(process, SIGHUP));
    return true;
  }
  if (process) TRY(end(process));
  TRY(unless_gone(sys::unlinkat(directory->get(), kPidFile, 0)));
  TRY(unless_gone(sys::unlinkat(AT_FDCWD, path.c_str(), AT_REMOVEDIR)));
  return false;
}

Result<bool> is_there(const std::string& path) {
  const Result<struct stat> found = sys::fstatat(AT_FDCWD, path.c_str());
  if (!found && !is_gone(found.error())) return found.error();
  return found ? true : false;
}

}  // namespace

Result<void> forget_names(Context& context, const plan::ForgetNames& step) {
  const bool locks = !step.lock.view().empty();
  // Most containers are on no network with names. For those that are, the directory exists, since they have a
  // line in it.
  if (!TRY(is_there(step.directory.str()))) return {};
  const UniqueFd lock = locks ? TRY(wait_for_file_lock(step.lock.str())) : UniqueFd();
  const bool is_untold = lock && TRY(sys::fstat(lock.get())).st_size > 0;
  TRY(mark(lock, true));
  const bool is_left = TRY(forget(context, step, is_untold || step.id.view().empty()));
  TRY(mark(lock, false));
  if (!step.file.view().empty() && !context.has_failed_to_undo)
    TRY(unless_gone(sys::unlinkat(AT_FDCWD, step.file.str().c_str(), 0)));
  return locks && !is_left ? unless_gone(sys::unlinkat(AT_FDCWD, step.lock.str().c_str(), 0))
                           : Result<void>();
}

}  // namespace tspod::ops
