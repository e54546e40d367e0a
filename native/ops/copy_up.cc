// Fills a tmpfs with the contents of the directory that it is about to cover (tmpcopyup).
#include <linux/openat2.h>
#include <sys/sendfile.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include <algorithm>
#include <vector>

#include "core/directory.h"
#include "core/path.h"
#include "core/sys.h"
#include "ops/handlers.gen.h"

namespace tspod::ops {
namespace {

constexpr int kMaxDepth = 128;
/** Maximum number of entries copied; the bytes are limited by the size of the tmpfs. */
constexpr uint32_t kMaxEntries = 1'000'000;

/** One entry to copy; it has the same name in both directories. */
struct Entry {
  int from;
  int to;
  const char* name;
  struct stat status;
};

/** Opens an entry of a directory; follows no link and enters no other mount. */
Result<UniqueFd> open_plain(int parent, const char* name, int flags) {
  const sys::OpenHow how{flags | O_NOFOLLOW, RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS, 0};
  return sys::openat2(parent, name, how);
}

Result<void> copy_bytes(int from, int to) {
  for (;;) {
    constexpr size_t kChunk = 1 << 20;
    const ssize_t count = sys::retry([&] { return ::sendfile(to, from, nullptr, kChunk); });
    if (count == -1) return last_error("sendfile");
    if (count == 0) return {};
  }
}

/** Copies owner, mode (after the owner, whose change clears set-id bits), extended attributes and times. */
Result<void> copy_status(int from, int to, const struct stat& status) {
  TRY(sys::fchown(to, status.st_uid, status.st_gid));
  TRY(sys::fchmod(to, status.st_mode & 07777));
  std::vector<char> names(static_cast<size_t>(std::max<ssize_t>(::flistxattr(from, nullptr, 0), 0)));
  const ssize_t size = names.empty() ? 0 : ::flistxattr(from, names.data(), names.size());
  for (const char* name = names.data(); size > 0 && name < names.data() + size;
       name += std::string_view(name).size() + 1) {
    std::vector<char> value(static_cast<size_t>(std::max<ssize_t>(::fgetxattr(from, name, nullptr, 0), 0)));
    const ssize_t length = ::fgetxattr(from, name, value.data(), value.size());
    // A tmpfs may not support every kind of attribute that the other file system has.
    if (length >= 0) (void)::fsetxattr(to, name, value.data(), static_cast<size_t>(length), 0);
  }
  const timespec times[2] = {status.st_atim, status.st_mtim};
  return sys::check(::futimens(to, times), "futimens");
}

class TreeCopy {
 public:
  Result<void> copy_content(int from, int to, int depth) {
    if (depth > kMaxDepth) return Error{"copy", {}, ENAMETOOLONG};
    return for_each_entry(from, [&](const DirectoryEntry& entry) -> Result<void> {
      if (++entries_ > kMaxEntries) return Error{"copy", entry.name, E2BIG};
      return copy_entry({from, to, entry.name, TRY(sys::fstatat(from, entry.name))}, depth);
    });
  }

 private:
  Result<void> copy_entry(const Entry& entry, int depth) {
    switch (entry.status.st_mode & S_IFMT) {
      case S_IFDIR: return copy_directory(entry, depth);
      case S_IFREG: return copy_file(entry);
      case S_IFLNK:
        TRY(sys::symlinkat(TRY(sys::readlinkat(entry.from, entry.name)).c_str(), entry.to, entry.name));
        return sys::fchownat(entry.to, entry.name, entry.status.st_uid, entry.status.st_gid);
      case S_IFSOCK: return {};  // nobody would listen on a copy
      default:
        TRY(sys::mknodat(entry.to, entry.name, entry.status.st_mode, entry.status.st_rdev));
        return sys::fchownat(entry.to, entry.name, entry.status.st_uid, entry.status.st_gid);
    }
  }

  Result<void> copy_directory(const Entry& entry, int depth) {
    Result<UniqueFd> from = open_plain(entry.from, entry.name, O_RDONLY | O_DIRECTORY);
    if (!from && from.error().err == EXDEV) return {};  // a mountpoint: what is mounted there is not copied
    const UniqueFd source = TRY(std::move(from));
    TRY(sys::mkdirat(entry.to, entry.name, 0700));
    const UniqueFd made = TRY(open_plain(entry.to, entry.name, O_RDONLY | O_DIRECTORY));
    TRY(copy_content(source.get(), made.get(), depth + 1));
    return copy_status(source.get(), made.get(), entry.status);
  }

  Result<void> copy_file(const Entry& entry) {
    Result<UniqueFd> from = open_plain(entry.from, entry.name, O_RDONLY | O_NONBLOCK);
    if (!from && from.error().err == EXDEV) return {};
    const UniqueFd source = TRY(std::move(from));
    const UniqueFd made =
        TRY(sys::openat(entry.to, entry.name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600));
    TRY(copy_bytes(source.get(), made.get()));
    return copy_status(source.get(), made.get(), entry.status);
  }

  uint32_t entries_ = 0;
};

}  // namespace

Result<void> copy_up(Context& context, const plan::CopyUp& step) {
  const int root = TRY(context.slots.get(step.root_slot));
  Result<UniqueFd> from = open_in_root(root, step.path.c_str(), O_RDONLY | O_DIRECTORY);
  if (!from && from.error().err == ENOENT) return {};
  const UniqueFd source = TRY(std::move(from));
  const UniqueFd to = TRY(sys::openat(TRY(context.slots.get(step.slot)), ".", O_RDONLY | O_DIRECTORY));
  const struct stat status = TRY(sys::fstat(source.get()));
  TRY(TreeCopy().copy_content(source.get(), to.get(), 0));
  return copy_status(source.get(), to.get(), status);
}

}  // namespace tspod::ops
