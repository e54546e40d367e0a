// Removing files and trees of the host. May be repeated; what is gone is success.
#include "core/remove_tree.h"
#include "core/sys.h"
#include "ops/handlers.gen.h"

namespace tspod::ops {

Result<void> remove_file(Context&, const plan::RemoveFile& step) {
  const Result<void> removed = sys::unlinkat(AT_FDCWD, step.path.c_str(), 0);
  const bool gone = !removed && (removed.error().err == ENOENT || removed.error().err == ENOTDIR);
  return gone ? Result<void>() : removed;
}

Result<void> remove_tree(Context& context, const plan::RemoveTree& step) {
  if (context.keeps_trees) return {};
  return tspod::remove_tree(step.path.c_str());
}

}  // namespace tspod::ops
