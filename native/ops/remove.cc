// Removes files and trees of the host. May be repeated; what is gone already is success.
#include "core/remove_tree.h"
#include "core/sys.h"
#include "ops/handlers.gen.h"

namespace tspod::ops {

namespace {

Result<void> remove(const std::string& path) {
  const Result<void> removed = sys::unlinkat(AT_FDCWD, path.c_str(), 0);
  const bool gone = !removed && (removed.error().err == ENOENT || removed.error().err == ENOTDIR);
  return gone ? Result<void>() : removed;
}

}  // namespace

Result<void> remove_file(Context&, const plan::RemoveFile& step) {
  return remove(step.path.str());
}

Result<void> remove_record(Context& context, const plan::RemoveRecord& step) {
  return context.has_failed_to_undo ? Result<void>() : remove(step.path.str());
}

Result<void> remove_tree(Context& context, const plan::RemoveTree& step) {
  if (context.keeps_trees) return {};
  return tspod::remove_tree(step.path.c_str());
}

}  // namespace tspod::ops
