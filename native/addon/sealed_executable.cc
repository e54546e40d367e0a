#include "addon/sealed_executable.h"

#include <fcntl.h>
#include <linux/memfd.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include <map>
#include <mutex>

#include "core/sys.h"
#include "core/sys_mount.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

namespace tspod::addon {
namespace {

/** Maximum size of the executable: no monitor is larger, not even one with sanitizers. */
constexpr off_t kMaxBytes = 64 * 1024 * 1024;

Result<void> verify(const UniqueFd& file, const std::string& path) {
  struct stat status = TRY(sys::fstat(file.get()));
  if (!S_ISREG(status.st_mode) || status.st_size > kMaxBytes) return Error{"execveat", path, EACCES};
  bool owner_is_trusted = status.st_uid == 0 || status.st_uid == ::geteuid();
  bool others_may_write = (status.st_mode & (S_IWGRP | S_IWOTH)) != 0;
  if (!owner_is_trusted || others_may_write) return Error{"execveat", path, EPERM};
  return {};
}

/** Makes a detached mount of the file alone. EPERM without CAP_SYS_ADMIN. */
Result<UniqueFd> read_only_mount(const UniqueFd& file) {
  UniqueFd mount = TRY(sys::clone_tree(file.get(), "", /*recursive=*/false));
  TRY(sys::mount_setattr(mount.get(), {.set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV}));
  return mount;
}

Result<UniqueFd> executable_memory_file() {
  constexpr unsigned kFlags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  int fd = ::memfd_create("tspod-monitor", kFlags | MFD_EXEC);
  // Before Linux 6.3 the flag does not exist, and every memfd may be executed.
  if (fd < 0 && errno == EINVAL) fd = ::memfd_create("tspod-monitor", kFlags);
  return sys::check_fd(fd, "memfd_create");
}

Result<UniqueFd> sealed_copy(const UniqueFd& file, const std::string& path) {
  UniqueFd source =
      TRY(sys::open(("/proc/self/fd/" + std::to_string(file.get())).c_str(), O_RDONLY | O_CLOEXEC));
  UniqueFd copy = TRY(executable_memory_file());
  ssize_t sent;
  do {
    sent = ::sendfile(copy.get(), source.get(), nullptr, kMaxBytes);
  } while (sent > 0 || (sent < 0 && errno == EINTR));
  if (sent < 0) return last_error("sendfile", path);
  TRY(sys::check(::fchmod(copy.get(), 0555), "fchmod"));
  constexpr int kSeals = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;
  TRY(sys::check(::fcntl(copy.get(), F_ADD_SEALS, kSeals), "fcntl"));
  return copy;
}

Result<UniqueFd> seal(const std::string& path) {
  UniqueFd file = TRY(sys::open(path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  TRY(verify(file, path));
  Result<UniqueFd> mount = read_only_mount(file);
  if (mount) return std::move(*mount);
  return sealed_copy(file, path);
}

}  // namespace

Result<int> sealed_executable(const std::string& path) {
  // Global on purpose: workers share the process and its descriptors.
  static std::mutex mutex;
  static std::map<std::string, UniqueFd>& known = *new std::map<std::string, UniqueFd>;
  std::lock_guard hold(mutex);
  auto found = known.find(path);
  if (found == known.end()) found = known.emplace(path, TRY(seal(path))).first;
  return found->second.get();
}

}  // namespace tspod::addon
