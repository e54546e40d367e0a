// Changes trees that others may be changing: each call acts on one name in a directory that is held by a
// descriptor, and follows no link. Names are bytes. Where a name may be empty, it stands for what the
// descriptor itself holds.
#include <linux/capability.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>

#include "addon/environment.h"
#include "addon/exports.h"
#include "core/remove_tree.h"
#include "core/sys.h"

namespace tspod::addon {
namespace {

std::string text_at(const Napi::CallbackInfo& info, size_t index) {
  const std::span<uint8_t> bytes = bytes_at(info, index);
  return std::string(bytes.begin(), bytes.end());
}

/** Returns the path of what a descriptor holds, which the kernel follows, or of a name in it, not followed.
 */
std::string path_of(int directory, const std::string& name) {
  const std::string own = "/proc/self/fd/" + std::to_string(directory);
  return name.empty() ? own : own + "/" + name;
}

/** Lets this thread make files that belong to an owner from the start, with all capabilities that it has. */
class MakingFor {
 public:
  MakingFor(uid_t uid, gid_t gid) : has_capabilities_(::syscall(SYS_capget, &header_, capabilities_) == 0) {
    (void)::prctl(PR_GET_PDEATHSIG, &death_signal_);  // 0, which is none, if it failed
    gid_ = ::setfsgid(gid);
    uid_ = ::setfsuid(uid);
    keep_capabilities();
  }
  ~MakingFor() {
    ::setfsuid(static_cast<uid_t>(uid_));
    ::setfsgid(static_cast<gid_t>(gid_));
    keep_capabilities();
    // The kernel takes both away from a process that changes its user.
    if (dumpable_ == 1) (void)::prctl(PR_SET_DUMPABLE, 1);
    if (death_signal_ != 0) (void)::prctl(PR_SET_PDEATHSIG, death_signal_);
  }
  MakingFor(const MakingFor&) = delete;
  MakingFor& operator=(const MakingFor&) = delete;

 private:
  /** Restores the capabilities over files, which the kernel takes away or gives when the user changes. */
  void keep_capabilities() {
    if (has_capabilities_) (void)::syscall(SYS_capset, &header_, capabilities_);
  }

  __user_cap_header_struct header_{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct capabilities_[2]{};
  bool has_capabilities_;
  int dumpable_ = ::prctl(PR_GET_DUMPABLE);
  int death_signal_ = 0;
  int gid_;
  int uid_;
};

/** Makes something for the owner in two arguments from `index` on; without them, for this process. */
template <class Make> auto make_for(const Napi::CallbackInfo& info, size_t index, Make make) {
  if (info[index].IsUndefined()) return make();
  const MakingFor owner(uint_at(info, index), uint_at(info, index + 1));
  return make();
}

/** (directory, name, uid, gid): makes an empty regular file and opens it for writing */
Napi::Value create_file(const Napi::CallbackInfo& info) {
  constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  const std::string name = text_at(info, 1);
  return answer(info,
                make_for(info, 2, [&] { return sys::openat(int_at(info, 0), name.c_str(), kFlags, 0600); }));
}

Result<void> make_one(const Napi::CallbackInfo& info) {
  const int directory = int_at(info, 0);
  const std::string name = text_at(info, 1);
  const mode_t mode = uint_at(info, 2);
  switch (mode & S_IFMT) {
    case S_IFDIR: return sys::mkdirat(directory, name.c_str(), mode & 07777);
    case S_IFLNK: return sys::symlinkat(text_at(info, 5).c_str(), directory, name.c_str());
    default: return sys::mknodat(directory, name.c_str(), mode, makedev(uint_at(info, 3), uint_at(info, 4)));
  }
}

/** (directory, name, mode with the type, major, minor, target of a link, uid, gid) */
Napi::Value make_entry(const Napi::CallbackInfo& info) {
  return answer(info, make_for(info, 6, [&] { return make_one(info); }));
}

Result<void> link_one(const Napi::CallbackInfo& info) {
  const std::string from = text_at(info, 1);
  const std::string name = text_at(info, 3);
  const int linked = ::linkat(int_at(info, 0), from.c_str(), int_at(info, 2), name.c_str(), int_at(info, 4));
  return sys::check(linked, "linkat", name);
}

/** (directory, name, directory of the new name, new name, flags, uid, gid): makes a hard link; the file
 * system of a user namespace takes it only from a user of that namespace */
Napi::Value link_entry(const Napi::CallbackInfo& info) {
  return answer(info, make_for(info, 5, [&] { return link_one(info); }));
}

/** (directory, name): removes a file, or an empty directory */
Napi::Value unlink_entry(const Napi::CallbackInfo& info) {
  const std::string name = text_at(info, 1);
  Result<void> removed = sys::unlinkat(int_at(info, 0), name.c_str(), 0);
  if (!removed && removed.error().err == EISDIR)
    removed = sys::unlinkat(int_at(info, 0), name.c_str(), AT_REMOVEDIR);
  return answer(info, std::move(removed));
}

/** (directory, name): removes an entry with everything in it */
Napi::Value remove_entry(const Napi::CallbackInfo& info) {
  Result<UniqueFd> own = sys::dup_from(int_at(info, 0), 3);
  if (!own) return failure(info.Env(), own.error());
  return run_async(info.Env(), [directory = std::move(*own), name = text_at(info, 1)] {
    return remove_tree(("/proc/self/fd/" + std::to_string(directory.get()) + "/" + name).c_str());
  });
}

/** (directory, name or nothing, uid, gid) */
Napi::Value set_owner(const Napi::CallbackInfo& info) {
  const std::string name = text_at(info, 1);
  if (name.empty()) return answer(info, sys::fchown(int_at(info, 0), uint_at(info, 2), uint_at(info, 3)));
  return answer(info, sys::fchownat(int_at(info, 0), name.c_str(), uint_at(info, 2), uint_at(info, 3)));
}

/**
 * (directory, name or nothing, mode): does nothing for a link, which has no mode. A link that takes the
 * name's place meanwhile is not followed.
 */
Napi::Value set_mode(const Napi::CallbackInfo& info) {
  const std::string name = text_at(info, 1);
  const Result<UniqueFd> file =
      name.empty() ? sys::dup_from(int_at(info, 0), 3)
                   : sys::openat(int_at(info, 0), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (!file) return failure(info.Env(), file.error());
  const Result<struct stat> status = sys::fstat(file->get());
  if (!status) return failure(info.Env(), status.error());
  if (S_ISLNK(status->st_mode)) return info.Env().Undefined();
  return answer(info, sys::check(::chmod(path_of(file->get(), "").c_str(), uint_at(info, 2)), "chmod", name));
}

/** (directory, name or nothing, seconds, nanoseconds): sets the times of the last change and access */
Napi::Value set_time(const Napi::CallbackInfo& info) {
  const std::string name = text_at(info, 1);
  const timespec time{.tv_sec = info[2].As<Napi::Number>().Int64Value(),
                      .tv_nsec = static_cast<long>(uint_at(info, 3))};
  const std::array<timespec, 2> times{time, time};
  const std::string path = path_of(int_at(info, 0), name);
  const int flags = name.empty() ? 0 : AT_SYMLINK_NOFOLLOW;
  return answer(info,
                sys::check(::utimensat(AT_FDCWD, path.c_str(), times.data(), flags), "utimensat", name));
}

/** (directory, name or nothing, attribute, value) */
Napi::Value set_attribute(const Napi::CallbackInfo& info) {
  const std::string file = text_at(info, 1);
  const std::string path = path_of(int_at(info, 0), file);
  const std::string name = text_at(info, 2);
  const std::span<uint8_t> value = bytes_at(info, 3);
  const auto set = file.empty() ? ::setxattr : ::lsetxattr;
  return answer(
      info, sys::check(set(path.c_str(), name.c_str(), value.data(), value.size(), 0), "lsetxattr", name));
}

}  // namespace

void export_tree(Napi::Env env, Napi::Object exports) {
  add_function(env, exports, "createFileAt", create_file);
  add_function(env, exports, "makeEntryAt", make_entry);
  add_function(env, exports, "linkAt", link_entry);
  add_function(env, exports, "unlinkAt", unlink_entry);
  add_function(env, exports, "removeTreeAt", remove_entry);
  add_function(env, exports, "setOwnerAt", set_owner);
  add_function(env, exports, "setModeAt", set_mode);
  add_function(env, exports, "setTimeAt", set_time);
  add_function(env, exports, "setAttributeAt", set_attribute);
}

}  // namespace tspod::addon
