#include "core/sys.h"

#include <linux/close_range.h>
#include <linux/openat2.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>
#include <cstdio>

namespace tspod::sys {

Result<UniqueFd> openat(int directory, const char* path, int flags, mode_t mode) {
  return check_fd(retry([&] { return ::openat(directory, path, flags | O_CLOEXEC, mode); }), "openat", path);
}

Result<UniqueFd> openat2(int directory, const char* path, const OpenHow& how) {
  struct open_how kernel_how {};
  // Unlike open(2), openat2(2) refuses flags that mean nothing together.
  kernel_how.flags = static_cast<uint64_t>(how.flags) | O_CLOEXEC;
  kernel_how.mode = how.mode;
  kernel_how.resolve = how.resolve;
  const auto call = [&] { return ::syscall(SYS_openat2, directory, path, &kernel_how, sizeof kernel_how); };
  return check_fd(retry(call), "openat2", path);
}

Result<size_t> read(int fd, std::span<char> into) {
  const ssize_t count = retry([&] { return ::read(fd, into.data(), into.size()); });
  if (count == -1) return last_error("read");
  return static_cast<size_t>(count);
}

Result<std::string> read_all(int fd) {
  std::string text;
  char part[4096];
  while (const size_t count = TRY(read(fd, part))) text.append(part, count);
  return text;
}

Result<void> write_once(int fd, std::string_view bytes, std::string_view name) {
  const ssize_t count = retry([&] { return ::write(fd, bytes.data(), bytes.size()); });
  if (count == -1) return last_error("write", name);
  if (static_cast<size_t>(count) != bytes.size()) return Error{"write", std::string(name), EIO};
  return {};
}

Result<void> write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = retry([&] { return ::write(fd, bytes.data(), bytes.size()); });
    if (count == -1) return last_error("write");
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return {};
}

Result<void> mkdirat(int directory, const char* path, mode_t mode) {
  return check(::mkdirat(directory, path, mode), "mkdirat", path);
}

Result<void> mknodat(int directory, const char* path, mode_t mode, dev_t device) {
  return check(::mknodat(directory, path, mode, device), "mknodat", path);
}

Result<void> symlinkat(const char* target, int directory, const char* path) {
  return check(::symlinkat(target, directory, path), "symlinkat", path);
}

Result<std::string> readlinkat(int directory, const char* path) {
  char target[PATH_MAX];
  const ssize_t size = ::readlinkat(directory, path, target, sizeof target);
  if (size == -1) return last_error("readlinkat", path);
  return std::string(target, static_cast<size_t>(size));
}

Result<void> unlinkat(int directory, const char* path, int flags) {
  return check(::unlinkat(directory, path, flags), "unlinkat", path);
}

Result<void> renameat(int from_directory, const char* from, int to_directory, const char* to) {
  return check(::renameat(from_directory, from, to_directory, to), "renameat", to);
}

Result<void> fchmod(int fd, mode_t mode) {
  return check(::fchmod(fd, mode), "fchmod");
}

Result<void> fchown(int fd, uid_t uid, gid_t gid) {
  return check(::fchownat(fd, "", uid, gid, AT_EMPTY_PATH), "fchownat");
}

Result<void> fchownat(int directory, const char* path, uid_t uid, gid_t gid) {
  return check(::fchownat(directory, path, uid, gid, AT_SYMLINK_NOFOLLOW), "fchownat", path);
}

Result<struct stat> fstat(int fd) {
  struct stat status;
  if (::fstat(fd, &status) == -1) return last_error("fstat");
  return status;
}

Result<struct stat> fstatat(int directory, const char* path) {
  struct stat status;
  if (::fstatat(directory, path, &status, AT_SYMLINK_NOFOLLOW) == -1) return last_error("fstatat", path);
  return status;
}

Result<struct statfs> fstatfs(int fd) {
  struct statfs status;
  if (retry([&] { return ::fstatfs(fd, &status); }) == -1) return last_error("fstatfs");
  return status;
}

Result<UniqueFd> dup_from(int fd, int least) {
  return check_fd(::fcntl(fd, F_DUPFD_CLOEXEC, least), "fcntl F_DUPFD");
}

Result<void> dup3(int fd, int target, int flags) {
  return check(retry([&] { return ::dup3(fd, target, flags); }), "dup3");
}

Result<void> close_range(unsigned first, unsigned last, unsigned flags) {
  return check(::syscall(SYS_close_range, first, last, flags), "close_range");
}

Result<UniqueFd> memory_file(const char* name, std::string_view content) {
  UniqueFd file = TRY(check_fd(::memfd_create(name, MFD_CLOEXEC), "memfd_create", name));
  TRY(write_all(file.get(), content));
  TRY(check(::lseek(file.get(), 0, SEEK_SET), "lseek"));
  return file;
}

Result<Pipe> pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) == -1) return last_error("pipe2");
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

}  // namespace tspod::sys
