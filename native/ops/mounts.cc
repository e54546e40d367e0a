// Makes mounts: detached at first, then given their attributes, then attached to a descriptor.
#include <linux/magic.h>

#include <array>
#include <string>
#include <vector>

#include "core/path.h"
#include "core/sys.h"
#include "core/sys_mount.h"
#include "ops/handlers.gen.h"

namespace tspod::ops {
namespace {

/** Files of procfs that LXCFS and the like replace; nothing else in a container's /proc may be covered. */
constexpr std::array<std::string_view, 9> kReplaceable = {
    "/proc/cpuinfo", "/proc/diskstats", "/proc/loadavg",
    "/proc/meminfo", "/proc/slabinfo",  "/proc/stat",
    "/proc/swaps",   "/proc/uptime",    "/proc/sys/kernel/ns_last_pid",
};

/**
 * Makes and opens the directory at the path. If the path is something else that is opened: the kernel then
 * reports that it does not fit the mount.
 */
Result<UniqueFd> directory_target(int root, wire::String path) {
  Result<UniqueFd> directory = make_directories(root, path.view());
  if (directory || directory.error().err != ENOTDIR) return directory;
  return open_in_root(root, path.c_str(), O_PATH);
}

Result<UniqueFd> open_target(int mount, int root, const plan::AttachInRoot& step) {
  switch (plan::Create{step.create}) {
    case plan::Create::kNothing: return open_in_root(root, step.target.c_str(), O_PATH);
    case plan::Create::kDirectory: return directory_target(root, step.target);
    case plan::Create::kFile: return make_file_in_root(root, step.target.view());
    case plan::Create::kSameKind: {
      // A directory is mounted on a directory, anything else on a file.
      const struct stat status = TRY(sys::fstat(mount));
      if (S_ISDIR(status.st_mode)) return directory_target(root, step.target);
      return make_file_in_root(root, step.target.view());
    }
  }
  return Error{"create", std::to_string(step.create), EINVAL};
}

/**
 * Refuses targets in a procfs: a mount over one of its files would deceive whoever writes there later
 * (CVE-2019-16884), so no link may lead a target into one. The procfs itself can be mounted: its mountpoint
 * is a plain directory.
 */
Result<void> refuse_procfs(int target, std::string_view path) {
  const struct statfs status = TRY(sys::fstatfs(target));
  if (status.f_type != PROC_SUPER_MAGIC) return {};
  for (const std::string_view replaceable : kReplaceable) {
    if (path == replaceable) return {};
  }
  return Error{"mount inside proc on", std::string(path), EPERM};
}

/** Sets one option: "key=value", or a flag. */
Result<void> configure(int context, wire::String option) {
  const size_t equals = option.view().find('=');
  if (equals == std::string_view::npos) return sys::fsconfig(context, option.c_str(), nullptr);
  const std::string key(option.view().substr(0, equals));
  return sys::fsconfig(context, key.c_str(), option.c_str() + equals + 1);
}

/** Maximum length of the options of mount(2), which have to fit into a page. */
constexpr size_t kMaxMountData = 4095;

/**
 * Whether overlayfs accepts any option here, since it does not know the new mount calls (before Linux 6.5):
 * options are then text that is checked only when it is mounted.
 */
bool accepts_any_option(int context) {
  return bool(sys::fsconfig(context, "no-option-of-overlayfs", nullptr));
}

/** Adds the layers one by one; false if the kernel cannot (before Linux 6.8). */
Result<bool> append_layers(int context, const wire::Strings& layers) {
  if (accepts_any_option(context)) return false;
  bool is_first = true;
  for (const wire::String layer : layers) {
    const Result<void> added = sys::fsconfig(context, "lowerdir+", layer.c_str());
    if (!added && is_first && added.error().err == EINVAL) return false;
    TRY(added);
    is_first = false;
  }
  return true;
}

/** Appends an option, with commas escaped: mount(2) splits its options at them. */
void append_option(std::string& data, std::string_view option) {
  if (!data.empty()) data += ',';
  for (const char letter : option) {
    if (letter == ',' || letter == '\\') data += '\\';
    data += letter;
  }
}

/**
 * Mounts the layers with mount(2), with their descriptors in /proc/self/fd in place of the paths, which would
 * not fit into a page.
 */
Result<UniqueFd> mount_layers_at(const plan::MountLayers& step) {
  std::vector<UniqueFd> layers;
  std::string data = "lowerdir=";
  for (const wire::String layer : step.lower_dirs) {
    layers.push_back(TRY(sys::open(layer.c_str(), O_PATH | O_DIRECTORY)));
    if (layers.size() > 1) data += ':';
    data += "/proc/self/fd/" + std::to_string(layers.back().get());
  }
  for (const wire::String option : step.options) {
    if (!option.view().starts_with("source=")) append_option(data, option.view());
  }
  if (data.size() > kMaxMountData) return Error{"mount", "overlay: too many layers", E2BIG};
  const char* frame = step.frame.c_str();
  TRY(sys::mount("overlay", frame, "overlay", 0, data.c_str()));
  Result<UniqueFd> made = sys::clone_tree(AT_FDCWD, frame, false);
  TRY(sys::umount2(frame, MNT_DETACH | UMOUNT_NOFOLLOW));
  return made;
}

}  // namespace

Result<void> root_propagation(Context&, const plan::RootPropagation& step) {
  return sys::mount(nullptr, "/", nullptr, step.flags, nullptr);
}

Result<void> mount_fs(Context& context, const plan::MountFs& step) {
  const UniqueFd made = TRY(sys::fsopen(step.type.c_str()));
  for (const wire::String option : step.options) TRY(configure(made.get(), option));
  TRY(sys::fsconfig_create(made.get()));
  return context.slots.put(step.slot, TRY(sys::fsmount(made.get(), step.attributes)));
}

Result<void> mount_layers(Context& context, const plan::MountLayers& step) {
  const UniqueFd made = TRY(sys::fsopen("overlay"));
  if (step.append == 0 || !TRY(append_layers(made.get(), step.lower_dirs)))
    return context.slots.put(step.slot, TRY(mount_layers_at(step)));
  for (const wire::String option : step.options) TRY(configure(made.get(), option));
  TRY(sys::fsconfig_create(made.get()));
  return context.slots.put(step.slot, TRY(sys::fsmount(made.get(), 0)));
}

Result<void> open_tree(Context& context, const plan::OpenTree& step) {
  return context.slots.put(step.slot, TRY(sys::clone_tree(AT_FDCWD, step.path.c_str(), step.recursive != 0)));
}

Result<void> open_tree_in_root(Context& context, const plan::OpenTreeInRoot& step) {
  const int root = TRY(context.slots.get(step.root_slot));
  const UniqueFd source = TRY(open_in_root(root, step.path.c_str(), O_PATH));
  return context.slots.put(step.slot, TRY(sys::clone_tree(source.get(), "", step.recursive != 0)));
}

Result<void> mount_attributes(Context& context, const plan::MountAttributes& step) {
  const int userns = step.userns_slot == plan::kNone ? -1 : TRY(context.slots.get(step.userns_slot));
  return sys::mount_setattr(TRY(context.slots.get(step.slot)), {
                                                                   .set = step.set,
                                                                   .clear = step.clear,
                                                                   .propagation = step.propagation,
                                                                   .userns = userns,
                                                                   .recursive = step.recursive != 0,
                                                               });
}

Result<void> attach_mount(Context& context, const plan::AttachMount& step) {
  return sys::move_mount_to(TRY(context.slots.get(step.slot)), step.path.c_str());
}

Result<void> attach_in_root(Context& context, const plan::AttachInRoot& step) {
  const int mount = TRY(context.slots.get(step.slot));
  const UniqueFd target = TRY(open_target(mount, TRY(context.slots.get(step.root_slot)), step));
  TRY(refuse_procfs(target.get(), step.target.view()));
  return sys::move_mount(mount, target.get(), step.target.view());
}

Result<void> unmount(Context&, const plan::Unmount& step) {
  const Result<void> unmounted = sys::umount2(step.path.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW);
  if (unmounted) return {};
  const int err = unmounted.error().err;
  return err == EINVAL || err == ENOENT || err == ENOTDIR ? Result<void>() : unmounted;
}

Result<void> set_root_propagation(Context&, const plan::SetRootPropagation& step) {
  return sys::mount(nullptr, "/", nullptr, step.flags, nullptr);
}

}  // namespace tspod::ops
