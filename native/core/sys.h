// System calls on files and descriptors. A wrapper has the name of its call, makes descriptors close-on-exec,
// repeats the call on EINTR, returns a Result, and does nothing else. Mounts are in sys_mount.h, processes in
// sys_process.h.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/vfs.h>

#include <span>
#include <string>
#include <string_view>

#include "core/result.h"
#include "core/unique_fd.h"

namespace tspod::sys {

/** Repeats a call for as long as a signal cuts it short. */
template <typename Call> auto retry(Call&& call) {
  auto result = call();
  while (result == -1 && errno == EINTR) result = call();
  return result;
}

/** Turns a call's return value into a Result: -1 is an error whose errno is set. */
inline Result<void> check(long result, const char* op, std::string_view arg = {}) {
  if (result == -1) [[unlikely]]
    return last_error(op, arg);
  return {};
}

inline Result<UniqueFd> check_fd(long result, const char* op, std::string_view arg = {}) {
  if (result == -1) [[unlikely]]
    return last_error(op, arg);
  return UniqueFd(static_cast<int>(result));
}

Result<UniqueFd> openat(int directory, const char* path, int flags, mode_t mode = 0);
inline Result<UniqueFd> open(const char* path, int flags, mode_t mode = 0) {
  return openat(AT_FDCWD, path, flags, mode);
}

struct OpenHow {
  int flags = 0;
  uint64_t resolve = 0;  // RESOLVE_* bits
  mode_t mode = 0;
};
Result<UniqueFd> openat2(int directory, const char* path, const OpenHow& how);

/** Returns the number of bytes read; 0 at the end. */
Result<size_t> read(int fd, std::span<char> into);
/** Reads to the end. There is no size limit: only for files of the kernel, which nobody can make long. */
Result<std::string> read_all(int fd);
/**
 * Writes with a single write(2), as files of the kernel require: EIO if fewer bytes are taken than given.
 * `name` is for the error.
 */
Result<void> write_once(int fd, std::string_view bytes, std::string_view name);
/** Writes everything, in as many calls as it takes. */
Result<void> write_all(int fd, std::string_view bytes);

Result<void> mkdirat(int directory, const char* path, mode_t mode);
Result<void> mknodat(int directory, const char* path, mode_t mode, dev_t device);
Result<void> symlinkat(const char* target, int directory, const char* path);
Result<std::string> readlinkat(int directory, const char* path);
Result<void> unlinkat(int directory, const char* path, int flags);
Result<void> renameat(int from_directory, const char* from, int to_directory, const char* to);
Result<void> fchmod(int fd, mode_t mode);
/** Changes the owner of the file itself, also where `fd` is an O_PATH descriptor. */
Result<void> fchown(int fd, uid_t uid, gid_t gid);
Result<void> fchownat(int directory, const char* path, uid_t uid, gid_t gid);
Result<struct stat> fstat(int fd);
Result<struct stat> fstatat(int directory, const char* path);
Result<struct statfs> fstatfs(int fd);

/** Duplicates the descriptor; the copy is numbered `least` or higher. */
Result<UniqueFd> dup_from(int fd, int least);
/** Makes `target` refer to the same file as `fd`; it stays open on exec unless `flags` is O_CLOEXEC. */
Result<void> dup3(int fd, int target, int flags);
Result<void> close_range(unsigned first, unsigned last, unsigned flags);
/** Makes a file in memory that holds `content`, positioned at its start. */
Result<UniqueFd> memory_file(const char* name, std::string_view content);

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};
Result<Pipe> pipe();

}  // namespace tspod::sys
