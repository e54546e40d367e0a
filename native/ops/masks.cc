// Hides paths from a container, or makes them read-only.
#include "ops/masks.h"

#include <linux/magic.h>
#include <sys/sysmacros.h>

#include "core/path.h"
#include "core/sys.h"
#include "core/sys_mount.h"
#include "ops/handlers.gen.h"

namespace tspod::ops {
namespace {

constexpr uint64_t kMaskAttributes = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC;

bool is_missing(const Error& error) {
  return error.err == ENOENT || error.err == ENOTDIR;
}

Result<void> make_empty_directory(MountSource& source) {
  const UniqueFd context = TRY(sys::fsopen("tmpfs"));
  TRY(sys::fsconfig(context.get(), "source", "tmpfs"));
  TRY(sys::fsconfig(context.get(), "mode", "0555"));
  TRY(sys::fsconfig(context.get(), "size", "0"));
  TRY(sys::fsconfig(context.get(), "nr_inodes", "1"));
  TRY(sys::fsconfig(context.get(), "ro", nullptr));
  TRY(sys::fsconfig_create(context.get()));
  source.mount = TRY(sys::fsmount(context.get(), kMaskAttributes | MOUNT_ATTR_NODEV));
  return {};
}

/**
 * Attaches the source itself the first time, and copies of it later: before Linux 6.15 only a mount that is
 * attached may be copied.
 */
Result<void> attach(MountSource& source, int target, std::string_view path) {
  if (!source.attached) {
    TRY(sys::move_mount(source.mount.get(), target, path));
    source.attached = true;
    return {};
  }
  const UniqueFd copy = TRY(sys::clone_tree(source.mount.get(), "", /*recursive=*/false));
  return sys::move_mount(copy.get(), target, path);
}

}  // namespace

Result<void> take_null_file(Context& context) {
  if (context.null_file.mount) return {};
  // The host's null device is used, and its inode is checked: a container may have replaced its own /dev/null
  // by anything (CVE-2025-31133).
  const UniqueFd device = TRY(sys::open("/dev/null", O_PATH | O_NOFOLLOW));
  const struct stat status = TRY(sys::fstat(device.get()));
  if (!S_ISCHR(status.st_mode) || status.st_rdev != makedev(1, 3)) return Error{"fstat", "/dev/null", ENODEV};
  UniqueFd mount = TRY(sys::clone_tree(device.get(), "", /*recursive=*/false));
  // Read-only, since the container must not change mode and owner of the host's inode.
  TRY(sys::mount_setattr(mount.get(), {.set = kMaskAttributes}));
  context.null_file.mount = std::move(mount);
  return {};
}

Result<void> mask_path(Context& context, const plan::MaskPath& step) {
  const int root = TRY(context.slots.get(step.root_slot));
  const Result<UniqueFd> target = open_in_root(root, step.path.c_str(), O_PATH);
  if (!target) return is_missing(target.error()) ? Result<void>() : target.error();
  const struct stat status = TRY(sys::fstat(target->get()));
  if (S_ISDIR(status.st_mode)) {
    if (!context.empty_directory.mount) TRY(make_empty_directory(context.empty_directory));
    return attach(context.empty_directory, target->get(), step.path.view());
  }
  TRY(take_null_file(context));
  return attach(context.null_file, target->get(), step.path.view());
}

Result<void> readonly_path(Context& context, const plan::ReadonlyPath& step) {
  const int root = TRY(context.slots.get(step.root_slot));
  const Result<UniqueFd> target = open_in_root(root, step.path.c_str(), O_PATH);
  if (!target) return is_missing(target.error()) ? Result<void>() : target.error();
  const UniqueFd mount = TRY(sys::clone_tree(target->get(), "", /*recursive=*/true));
  TRY(sys::mount_setattr(mount.get(), {.set = MOUNT_ATTR_RDONLY, .recursive = true}));
  return sys::move_mount(mount.get(), target->get(), step.path.view());
}

}  // namespace tspod::ops
