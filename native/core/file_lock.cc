#include "core/file_lock.h"

#include <sys/file.h>

#include "core/sys.h"

namespace tspod {

Result<UniqueFd> open_lock_file(const std::string& path) {
  return sys::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
}

Result<bool> is_still_named(const UniqueFd& file, const std::string& path) {
  const struct stat ours = TRY(sys::fstat(file.get()));
  const Result<struct stat> named = sys::fstatat(AT_FDCWD, path.c_str());
  if (!named && named.error().err == ENOENT) return false;
  if (!named) return named.error();
  return ours.st_dev == named->st_dev && ours.st_ino == named->st_ino;
}

namespace {

Result<UniqueFd> locked(const std::string& path, int how) {
  for (;;) {
    UniqueFd file = TRY(open_lock_file(path));
    const int taken = sys::retry([&] { return ::flock(file.get(), how); });
    if (taken < 0 && errno == EWOULDBLOCK) return UniqueFd();
    TRY(sys::check(taken, "flock", path));
    if (TRY(is_still_named(file, path))) return file;
  }
}

}  // namespace

Result<UniqueFd> try_file_lock(const std::string& path) {
  return locked(path, LOCK_EX | LOCK_NB);
}

Result<UniqueFd> wait_for_file_lock(const std::string& path) {
  return locked(path, LOCK_EX);
}

}  // namespace tspod
