// Removing files and trees of the host. May be repeated; what is gone is success.
#include <dirent.h>
#include <linux/openat2.h>

#include <memory>

#include "core/sys.h"
#include "ops/handlers.gen.h"

namespace tspod::ops {
namespace {

/** Directories below this depth are moved up first: a container can nest them deeper than there are descriptors. */
constexpr int kMaxDepth = 100;

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

bool is_gone(const Error& error) { return error.err == ENOENT || error.err == ENOTDIR; }

/** `removed`, or success if there is nothing left to remove. */
Result<void> unless_gone(Result<void> removed) {
  if (!removed && is_gone(removed.error())) return {};
  return removed;
}

class TreeRemoval {
 public:
  /** Removes the file or tree `name` in `parent`. */
  Result<void> remove(int parent, const char* name) {
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
  /** Neither follows a link nor enters another mount: what is mounted in the tree is not ours to empty. */
  static Result<UniqueFd> enter(int parent, const char* name) {
    const sys::OpenHow how{O_RDONLY | O_DIRECTORY | O_NOFOLLOW, RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS, 0};
    return sys::openat2(parent, name, how);
  }

  /** False if it is a directory. */
  static Result<bool> remove_file(int parent, const char* name) {
    const Result<void> removed = sys::unlinkat(parent, name, 0);
    if (removed || is_gone(removed.error())) return true;
    if (removed.error().err == EISDIR) return false;
    return removed.error();
  }

  Result<void> remove_content(int directory, int depth) {
    const Directory stream(::fdopendir(TRY(sys::dup_from(directory, 3)).release()));
    if (stream == nullptr) return last_error("fdopendir");
    ::rewinddir(stream.get());  // the copy shares its position with the descriptor
    while (const dirent* entry = ::readdir(stream.get())) {
      const std::string_view name(entry->d_name);
      if (name != "." && name != "..") TRY(remove_entry(directory, entry->d_name, depth));
    }
    return {};
  }

  Result<void> remove_entry(int parent, const char* name, int depth) {
    if (TRY(remove_file(parent, name))) return {};
    if (depth == kMaxDepth) return move_up(parent, name);
    const Result<UniqueFd> directory = enter(parent, name);
    if (!directory) return unless_gone(directory.error());
    TRY(remove_content(directory->get(), depth + 1));
    return unless_gone(sys::unlinkat(parent, name, AT_REMOVEDIR));
  }

  Result<void> move_up(int parent, const char* name) {
    const std::string above = ".tspod-removing-" + std::to_string(moved_++);
    const Result<void> moved = sys::renameat(parent, name, top_, above.c_str());
    // Left by a removal that was cut off: take the next name.
    const bool taken = !moved && (moved.error().err == EEXIST || moved.error().err == ENOTEMPTY);
    return taken ? move_up(parent, name) : moved;
  }

  int top_ = -1;
  uint32_t moved_ = 0;
};

}  // namespace

Result<void> remove_file(Context&, const plan::RemoveFile& step) {
  return unless_gone(sys::unlinkat(AT_FDCWD, step.path.c_str(), 0));
}

Result<void> remove_tree(Context&, const plan::RemoveTree& step) {
  const std::string_view path = step.path.view();
  const size_t slash = path.rfind('/');
  if (slash == std::string_view::npos || slash + 1 == path.size()) return Error{"unlinkat", step.path.str(), EINVAL};
  const std::string above(path.substr(0, slash + 1));
  const Result<UniqueFd> parent = sys::open(above.c_str(), O_PATH | O_DIRECTORY);
  if (!parent) return unless_gone(parent.error());
  return TreeRemoval().remove(parent->get(), step.path.c_str() + slash + 1);
}

}  // namespace tspod::ops
