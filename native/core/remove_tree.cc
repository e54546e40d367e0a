#include "core/remove_tree.h"

#include <linux/openat2.h>

#include <cstring>
#include <string>

#include "core/directory.h"
#include "core/sys.h"

namespace tspod {
namespace {

/**
 * Directories deeper than this are moved up before they are emptied: a container can nest them deeper than
 * there are descriptors.
 */
constexpr int kMaxDepth = 100;

bool is_gone(const Error& error) {
  return error.err == ENOENT || error.err == ENOTDIR;
}

/**
 * Whether `name` is an entry that can be removed. "." and ".." are not: removing through them would remove
 * the directory that they stand for, and ".." is outside the tree.
 */
bool is_entry(const char* name) {
  return *name != '\0' && std::strcmp(name, ".") != 0 && std::strcmp(name, "..") != 0;
}

/** Returns `removed`, or success if it failed because the entry is gone already. */
Result<void> unless_gone(Result<void> removed) {
  if (!removed && is_gone(removed.error())) return {};
  return removed;
}

class TreeRemoval {
 public:
  explicit TreeRemoval(const std::atomic<bool>* stop) : stop_(stop) {}

  /** Removes the file or tree `name` in `parent`. */
  Result<void> remove(int parent, const char* name) {
    if (is_stopped()) return stopped_at(name);
    Result<bool> file = remove_file(parent, name);
    if (!file) return file.error();
    if (*file) return {};
    const Result<UniqueFd> top = enter(parent, name);
    if (!top) return unless_gone(top.error());
    top_ = top->get();
    for (;;) {
      const uint32_t moved_before = moved_;
      TRY(remove_content(top_, 0));
      const Result<void> gone = sys::unlinkat(parent, name, AT_REMOVEDIR);
      const bool again = !gone && gone.error().err == ENOTEMPTY && moved_ != moved_before;
      if (!again) return unless_gone(gone);
    }
  }

 private:
  /**
   * Opens a directory in the tree. Neither follows a link nor enters another mount: what is mounted in the
   * tree is not ours to empty.
   */
  static Result<UniqueFd> enter(int parent, const char* name) {
    const sys::OpenHow how{O_RDONLY | O_DIRECTORY | O_NOFOLLOW, RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS, 0};
    return sys::openat2(parent, name, how);
  }

  /** Removes an entry that is not a directory; returns false if it is one. */
  static Result<bool> remove_file(int parent, const char* name) {
    const Result<void> removed = sys::unlinkat(parent, name, 0);
    if (removed || is_gone(removed.error())) return true;
    if (removed.error().err == EISDIR) return false;
    return removed.error();
  }

  Result<void> remove_content(int directory, int depth) {
    return for_each_entry(directory, [&](const DirectoryEntry& entry) -> Result<void> {
      if (is_stopped()) return stopped_at(entry.name);
      if (entry.type != DT_DIR && TRY(remove_file(directory, entry.name))) return {};
      return remove_directory(directory, entry.name, depth);
    });
  }

  Result<void> remove_directory(int parent, const char* name, int depth) {
    if (depth == kMaxDepth) return move_up(parent, name);
    const Result<UniqueFd> directory = enter(parent, name);
    if (!directory) return unless_gone(directory.error());
    TRY(remove_content(directory->get(), depth + 1));
    return unless_gone(sys::unlinkat(parent, name, AT_REMOVEDIR));
  }

  bool is_stopped() const { return stop_ != nullptr && stop_->load(std::memory_order_relaxed); }
  static Error stopped_at(const char* name) { return Error{"unlinkat", name, ECANCELED}; }

  Result<void> move_up(int parent, const char* name) {
    for (;;) {
      const std::string above = ".tspod-removing-" + std::to_string(moved_++);
      const Result<void> moved = sys::renameat(parent, name, top_, above.c_str());
      if (moved || !is_taken(moved.error(), above.c_str())) return moved;
    }
  }

  /**
   * Whether the rename failed because the new name is taken: by a directory that is not empty (left by a
   * removal that was cut off), or by a file, which is removed so that each attempt leaves less in the way.
   */
  bool is_taken(const Error& error, const char* name) const {
    if (error.err == ENOTDIR) return static_cast<bool>(sys::unlinkat(top_, name, 0));
    return error.err == EEXIST || error.err == ENOTEMPTY;
  }

  const std::atomic<bool>* stop_;
  int top_ = -1;
  uint32_t moved_ = 0;
};

}  // namespace

Result<void> remove_tree(const char* path, const std::atomic<bool>* stop) {
  const char* slash = std::strrchr(path, '/');
  if (slash == nullptr || !is_entry(slash + 1)) return Error{"unlinkat", path, EINVAL};
  const std::string above(path, slash + 1);
  const Result<UniqueFd> parent = sys::open(above.c_str(), O_PATH | O_DIRECTORY);
  if (!parent) return unless_gone(parent.error());
  return TreeRemoval(stop).remove(parent->get(), slash + 1);
}

}  // namespace tspod
