// Makes and changes mounts, in this mount namespace or in another.
#include <fcntl.h>
#include <sys/mount.h>

#include "addon/environment.h"
#include "addon/exports.h"
#include "addon/inside.h"
#include "core/sys.h"
#include "core/sys_mount.h"

namespace tspod::addon {
namespace {

/** Sets one option: "key=value" a value, "key" a flag. */
Result<void> configure(int context, const std::string& option) {
  size_t equals = option.find('=');
  if (equals == std::string::npos) return sys::fsconfig(context, option.c_str(), nullptr);
  return sys::fsconfig(context, option.substr(0, equals).c_str(), option.c_str() + equals + 1);
}

struct FileSystem {
  std::string type;
  std::vector<std::string> options;
  uint32_t attributes;
  std::string target;
};

Result<void> mount_file_system(const FileSystem& wanted) {
  UniqueFd context = TRY(sys::fsopen(wanted.type.c_str()));
  for (const std::string& option : wanted.options) TRY(configure(context.get(), option));
  TRY(sys::fsconfig_create(context.get()));
  UniqueFd mount = TRY(sys::fsmount(context.get(), wanted.attributes));
  return sys::move_mount_to(mount.get(), wanted.target.c_str());
}

struct Bind {
  std::string source;
  std::string target;
  bool recursive;
  uint32_t attributes;
  uint32_t propagation;
  UniqueFd id_map;  // a user namespace, or none
};

Result<void> bind_mount(const Bind& wanted) {
  UniqueFd mount = TRY(sys::clone_tree(AT_FDCWD, wanted.source.c_str(), wanted.recursive));
  if (wanted.id_map) {
    sys::MountAttributes mapped{
        .set = MOUNT_ATTR_IDMAP, .userns = wanted.id_map.get(), .recursive = wanted.recursive};
    TRY(sys::mount_setattr(mount.get(), mapped));
  }
  if (wanted.attributes != 0 || wanted.propagation != 0) {
    // The atime mode is a number, not a bit: setting it requires clearing the previous one.
    const bool sets_atime = (wanted.attributes & MOUNT_ATTR__ATIME) != 0;
    sys::MountAttributes others{.set = wanted.attributes,
                                .clear = sets_atime ? MOUNT_ATTR__ATIME : 0U,
                                .propagation = wanted.propagation,
                                .recursive = wanted.recursive};
    TRY(sys::mount_setattr(mount.get(), others));
  }
  return sys::move_mount_to(mount.get(), wanted.target.c_str());
}

/** (namespaces, flags, type, options, attributes, target) */
Napi::Value mount_file_system_async(const Napi::CallbackInfo& info) {
  Result<std::vector<std::string>> options = strings_at(info, 3);
  if (!options) return failure(info.Env(), options.error());
  FileSystem wanted{string_at(info, 2), std::move(*options), uint_at(info, 4), string_at(info, 5)};
  return run_inside(info.Env(), namespaces_at(info, 0),
                    [wanted = std::move(wanted)] { return mount_file_system(wanted); });
}

/** (namespaces, flags, source, target, recursive, attributes, propagation, descriptor of a user namespace or
 * -1) */
Napi::Value bind_mount_async(const Napi::CallbackInfo& info) {
  UniqueFd id_map;
  if (int fd = int_at(info, 7); fd >= 0) {
    Result<UniqueFd> copy = sys::dup_from(fd, 3);
    if (!copy) return failure(info.Env(), copy.error());
    id_map = std::move(*copy);
  }
  Bind wanted{string_at(info, 2), string_at(info, 3), bool_at(info, 4),
              uint_at(info, 5),   uint_at(info, 6),   std::move(id_map)};
  return run_inside(info.Env(), namespaces_at(info, 0),
                    [wanted = std::move(wanted)] { return bind_mount(wanted); });
}

/** (namespaces, flags, path, flags of umount2) */
Napi::Value unmount_async(const Napi::CallbackInfo& info) {
  return run_inside(info.Env(), namespaces_at(info, 0), [path = string_at(info, 2), flags = int_at(info, 3)] {
    return sys::umount2(path.c_str(), flags | UMOUNT_NOFOLLOW);
  });
}

/** (namespaces, flags, path, propagation, recursive) */
Napi::Value set_propagation(const Napi::CallbackInfo& info) {
  sys::MountAttributes wanted{.propagation = uint_at(info, 3), .recursive = bool_at(info, 4)};
  return run_inside(info.Env(), namespaces_at(info, 0),
                    [path = string_at(info, 2), wanted]() -> Result<void> {
                      UniqueFd mount = TRY(sys::open(path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
                      return sys::mount_setattr(mount.get(), wanted);
                    });
}

}  // namespace

void export_mounts(Napi::Env env, Napi::Object exports) {
  add_function(env, exports, "mountFileSystem", mount_file_system_async);
  add_function(env, exports, "bindMount", bind_mount_async);
  add_function(env, exports, "unmount", unmount_async);
  add_function(env, exports, "setPropagation", set_propagation);
}

}  // namespace tspod::addon
