#include "core/null_device.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <string>

#include "core/sys.h"
#include "core/sys_mount.h"

namespace tspod::sys {

Result<UniqueFd> open_null_device() {
  const Result<UniqueFd> mount = clone_tree(AT_FDCWD, "/dev/null", /*recursive=*/false);
  if (!mount) return open("/dev/null", O_RDWR);
  TRY(mount_setattr(mount->get(), {.set = MOUNT_ATTR_RDONLY}));
  return open(("/proc/self/fd/" + std::to_string(mount->get())).c_str(), O_RDWR);
}

bool is_null_device(int fd) {
  const Result<struct stat> status = fstat(fd);
  return status && S_ISCHR(status->st_mode) && status->st_rdev == makedev(1, 3);
}

}  // namespace tspod::sys
