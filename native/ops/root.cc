// Makes the container's root the root of the process.
#include <sys/sysmacros.h>
#include <unistd.h>

#include "core/sys.h"
#include "core/sys_mount.h"
#include "ops/handlers.gen.h"
#include "ops/masks.h"

namespace tspod::ops {

Result<void> pivot_root(Context& context, const plan::PivotRoot& step) {
  const int root = TRY(context.slots.get(step.root_slot));
  if (context.masks_files) TRY(take_null_file(context));
  TRY(sys::check(::fchdir(root), "fchdir"));
  // This puts the old root on top of the new one, at the current directory: no directory is needed for it,
  // and once it is unmounted nothing of the host can be reached by a path.
  TRY(sys::pivot_root(".", "."));
  TRY(sys::umount2(".", MNT_DETACH));
  return sys::check(::chdir("/"), "chdir", "/");
}

Result<void> readonly_root(Context&, const plan::ReadonlyRoot&) {
  const UniqueFd root = TRY(sys::open("/", O_PATH | O_DIRECTORY));
  return sys::mount_setattr(root.get(), {.set = MOUNT_ATTR_RDONLY});
}

}  // namespace tspod::ops
