// System calls on mounts: with descriptors, and with paths only where the kernel has nothing better.
#pragma once

#include <sys/mount.h>

#include <cstdint>

#include "core/result.h"
#include "core/unique_fd.h"

// Newer than the headers that some hosts build with.
#ifndef MOUNT_ATTR_NOSYMFOLLOW
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000
#endif
#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif

namespace tspod::sys {

Result<void> mount(const char* source, const char* target, const char* type, unsigned long flags,
                   const char* data);
Result<void> umount2(const char* target, int flags);
Result<void> pivot_root(const char* new_root, const char* put_old);

Result<UniqueFd> fsopen(const char* type);
/**
 * Sets an option of the file system; a null `value` sets a flag. The error carries what the file system said.
 */
Result<void> fsconfig(int context, const char* key, const char* value);
Result<void> fsconfig_create(int context);
Result<UniqueFd> fsmount(int context, uint64_t attributes);

/**
 * Makes a detached copy of the mount at `path` below `directory` ("" is `directory` itself); if `recursive`,
 * with all mounts below it.
 */
Result<UniqueFd> clone_tree(int directory, const char* path, bool recursive);
/** Attaches the detached mount to the file or directory that `target` is open on. `name` is for the error. */
Result<void> move_mount(int mount, int target, std::string_view name);
/** Attaches the detached mount at a path. */
Result<void> move_mount_to(int mount, const char* target);

struct MountAttributes {
  uint64_t set = 0;
  uint64_t clear = 0;
  uint64_t propagation = 0;
  int userns = -1;
  bool recursive = false;
};
Result<void> mount_setattr(int mount, const MountAttributes& attributes);

}  // namespace tspod::sys
