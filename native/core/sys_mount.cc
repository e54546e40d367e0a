#include "core/sys_mount.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/sys.h"

namespace tspod::sys {
namespace {

/**
 * Returns the last error, with the messages that the file system context holds ("e overlay: ..."): they say
 * more than the errno.
 */
Error context_error(int context, const char* op, std::string_view arg) {
  Error error = last_error(op, arg);
  char message[512];
  ssize_t size = 0;
  while ((size = ::read(context, message, sizeof message)) > 0) {
    std::string_view text(message, static_cast<size_t>(size));
    while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
    if (text.size() > 2) error.arg.append(error.arg.empty() ? "" : ": ").append(text.substr(2));
  }
  return error;
}

}  // namespace

Result<void> mount(const char* source, const char* target, const char* type, unsigned long flags,
                   const char* data) {
  return check(::mount(source, target, type, flags, data), "mount", target);
}

Result<void> umount2(const char* target, int flags) {
  return check(::umount2(target, flags), "umount2", target);
}

Result<void> pivot_root(const char* new_root, const char* put_old) {
  return check(::syscall(SYS_pivot_root, new_root, put_old), "pivot_root");
}

Result<UniqueFd> fsopen(const char* type) {
  return check_fd(::syscall(SYS_fsopen, type, FSOPEN_CLOEXEC), "fsopen", type);
}

Result<void> fsconfig(int context, const char* key, const char* value) {
  const auto command = value == nullptr ? FSCONFIG_SET_FLAG : FSCONFIG_SET_STRING;
  if (::syscall(SYS_fsconfig, context, command, key, value, 0) == -1) {
    return context_error(context, "fsconfig",
                         value == nullptr ? std::string(key) : std::string(key) + "=" + value);
  }
  return {};
}

Result<void> fsconfig_create(int context) {
  if (::syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) == -1) {
    return context_error(context, "fsconfig", "create");
  }
  return {};
}

Result<UniqueFd> fsmount(int context, uint64_t attributes) {
  const long fd = ::syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, attributes);
  if (fd == -1) return context_error(context, "fsmount", {});
  return UniqueFd(static_cast<int>(fd));
}

Result<UniqueFd> clone_tree(int directory, const char* path, bool recursive) {
  const unsigned flags =
      OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0U);
  return check_fd(::syscall(SYS_open_tree, directory, path, flags), "open_tree", path);
}

Result<void> move_mount(int mount, int target, std::string_view name) {
  const unsigned flags = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH;
  return check(::syscall(SYS_move_mount, mount, "", target, "", flags), "move_mount", name);
}

Result<void> move_mount_to(int mount, const char* target) {
  return check(::syscall(SYS_move_mount, mount, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH), "move_mount",
               target);
}

Result<void> mount_setattr(int mount, const MountAttributes& attributes) {
  struct mount_attr kernel_attributes {};
  kernel_attributes.attr_set = attributes.set;
  kernel_attributes.attr_clr = attributes.clear;
  kernel_attributes.propagation = attributes.propagation;
  if (attributes.userns >= 0) kernel_attributes.userns_fd = static_cast<uint64_t>(attributes.userns);
  const unsigned flags = AT_EMPTY_PATH | (attributes.recursive ? AT_RECURSIVE : 0U);
  return check(::syscall(SYS_mount_setattr, mount, "", flags, &kernel_attributes, sizeof kernel_attributes),
               "mount_setattr");
}

}  // namespace tspod::sys
