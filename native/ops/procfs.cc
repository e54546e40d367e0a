#include "ops/procfs.h"

#include <linux/magic.h>
#include <linux/openat2.h>

#include <charconv>
#include <string>

#include "core/sys.h"
#include "core/sys_mount.h"

#ifndef NSFS_MAGIC
#define NSFS_MAGIC 0x6e736673
#endif

namespace tspod::ops {
namespace {

Result<void> check_type(int fd, long magic, const char* path) {
  const struct statfs status = TRY(sys::fstatfs(fd));
  if (status.f_type != magic) return Error{"fstatfs", path, ENOTSUP};
  return {};
}

/**
 * Makes a procfs that is mounted nowhere. Needs a pid namespace of one's own, or the right to mount in the
 * current one.
 */
Result<UniqueFd> make_private() {
  const UniqueFd context = TRY(sys::fsopen("proc"));
  TRY(sys::fsconfig_create(context.get()));
  return sys::fsmount(context.get(), MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
}

}  // namespace

Result<void> Procfs::open() {
  UniqueFd root = TRY(sys::open("/proc", O_PATH | O_DIRECTORY));
  TRY(check_type(root.get(), PROC_SUPER_MAGIC, "/proc"));
  root_ = std::move(root);
  return {};
}

Result<UniqueFd> Procfs::open_file(const char* path, int flags) {
  if (!root_) TRY(open());
  const sys::OpenHow how{flags, RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS, 0};
  Result<UniqueFd> file = sys::openat2(root_.get(), path, how);
  if (file || file.error().err != EXDEV) return file;
  // Something is mounted within /proc, as when tspod itself runs in a container: a procfs of our own has
  // nothing mounted in it.
  root_ = TRY(make_private());
  return sys::openat2(root_.get(), path, how);
}

Result<void> Procfs::write(const char* path, std::string_view value) {
  const UniqueFd file = TRY(open_file(path, O_WRONLY));
  return sys::write_once(file.get(), value, path);
}

Result<UniqueFd> Procfs::open_namespace(const char* process, const char* kind) {
  const std::string path = std::string(process) + "/ns";
  if (std::string_view(kind).find('/') != std::string_view::npos) return Error{"openat", kind, EINVAL};
  const UniqueFd directory = TRY(open_file(path.c_str(), O_PATH | O_DIRECTORY));
  // The only magic link that is followed; afterwards it is checked that it led to a namespace.
  UniqueFd name = TRY(sys::openat(directory.get(), kind, O_RDONLY));
  TRY(check_type(name.get(), NSFS_MAGIC, kind));
  return name;
}

Result<uint64_t> Procfs::stat_field(pid_t pid, int number) {
  const std::string path = std::to_string(pid) + "/stat";
  const UniqueFd file = TRY(open_file(path.c_str(), O_RDONLY));
  char text[1024];
  const size_t size = TRY(sys::read(file.get(), text));
  std::string_view rest(text, size);
  // The name in field 2 may hold anything, including spaces and parentheses: fields are counted from its end.
  rest.remove_prefix(std::min(rest.rfind(')') + 1, rest.size()));
  for (int field = 2; field < number; ++field) {
    const size_t space = rest.find(' ');
    if (space == std::string_view::npos) return Error{"stat", path, EBADMSG};
    rest.remove_prefix(space + 1);
  }
  uint64_t value = 0;
  const auto parsed = std::from_chars(rest.data(), rest.data() + rest.size(), value);
  if (parsed.ec != std::errc()) return Error{"stat", path, EBADMSG};
  return value;
}

Result<uint64_t> Procfs::start_time(pid_t pid) {
  return stat_field(pid, 22);
}

Result<bool> Procfs::is_ending(const ProcessName& process) {
  constexpr uint64_t kExiting = 0x4;  // PF_EXITING
  // In this order: if the flags are those of another process, the start time shows it.
  const Result<uint64_t> flags = stat_field(process.pid, 9);
  const Result<uint64_t> started = flags ? stat_field(process.pid, 22) : flags;
  if (started) return *started != process.start_time || (*flags & kExiting) != 0;
  const int err = started.error().err;
  if (err == ENOENT || err == ESRCH) return true;
  return started.error();
}

Result<pid_t> Procfs::pid_of(int pidfd) {
  constexpr std::string_view kKey = "\nPid:\t";
  const std::string path = "self/fdinfo/" + std::to_string(pidfd);
  const UniqueFd file = TRY(open_file(path.c_str(), O_RDONLY));
  char text[1024];
  const size_t size = TRY(sys::read(file.get(), text));
  const std::string_view info(text, size);
  const size_t key = info.find(kKey);
  if (key == std::string_view::npos) return Error{"fdinfo", path, EBADMSG};
  pid_t pid = -1;
  const auto parsed = std::from_chars(text + key + kKey.size(), text + size, pid);
  if (parsed.ec != std::errc()) return Error{"fdinfo", path, EBADMSG};
  if (pid <= 0) return Error{"fdinfo", path, ESRCH};
  return pid;
}

Result<bool> Procfs::has_executed(pid_t pid) {
  constexpr uint64_t kForkedButNotExecuted = 0x40;  // PF_FORKNOEXEC
  return (TRY(stat_field(pid, 9)) & kForkedButNotExecuted) == 0;
}

}  // namespace tspod::ops
