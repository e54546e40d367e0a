// Changes trees that others may be changing: each call acts on one name in a directory that is held by a
// descriptor, and follows no link. Names are bytes.
#include <sys/sysmacros.h>
#include <sys/xattr.h>

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

/** (directory, name): makes an empty regular file and opens it for writing */
Napi::Value create_file(const Napi::CallbackInfo& info) {
  constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  return answer(info, sys::openat(int_at(info, 0), text_at(info, 1).c_str(), kFlags, 0600));
}

/** (directory, name, mode with the type, major, minor, target of a link) */
Napi::Value make_entry(const Napi::CallbackInfo& info) {
  const int directory = int_at(info, 0);
  const std::string name = text_at(info, 1);
  const mode_t mode = uint_at(info, 2);
  switch (mode & S_IFMT) {
    case S_IFDIR: return answer(info, sys::mkdirat(directory, name.c_str(), mode & 07777));
    case S_IFLNK: return answer(info, sys::symlinkat(text_at(info, 5).c_str(), directory, name.c_str()));
    default:
      return answer(info,
                    sys::mknodat(directory, name.c_str(), mode, makedev(uint_at(info, 3), uint_at(info, 4))));
  }
}

/** (directory, name, directory of the new name, new name, flags) */
Napi::Value link_entry(const Napi::CallbackInfo& info) {
  const std::string name = text_at(info, 3);
  return answer(info, sys::check(::linkat(int_at(info, 0), text_at(info, 1).c_str(), int_at(info, 2),
                                          name.c_str(), int_at(info, 4)),
                                 "linkat", name));
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

/** (directory, name, uid, gid) */
Napi::Value set_owner(const Napi::CallbackInfo& info) {
  const std::string name = text_at(info, 1);
  return answer(info, sys::fchownat(int_at(info, 0), name.c_str(), uint_at(info, 2), uint_at(info, 3)));
}

/**
 * (directory, name, mode): does nothing for a link, which has no mode. A link that takes the name's place
 * meanwhile is not followed.
 */
Napi::Value set_mode(const Napi::CallbackInfo& info) {
  const std::string name = text_at(info, 1);
  const Result<UniqueFd> file = sys::openat(int_at(info, 0), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (!file) return failure(info.Env(), file.error());
  const Result<struct stat> status = sys::fstat(file->get());
  if (!status) return failure(info.Env(), status.error());
  if (S_ISLNK(status->st_mode)) return info.Env().Undefined();
  const std::string own = "/proc/self/fd/" + std::to_string(file->get());
  return answer(info, sys::check(::chmod(own.c_str(), uint_at(info, 2)), "chmod", name));
}

/** (directory, name, seconds, nanoseconds): sets the times of the last change and of the last access */
Napi::Value set_time(const Napi::CallbackInfo& info) {
  const std::string name = text_at(info, 1);
  const timespec time{.tv_sec = info[2].As<Napi::Number>().Int64Value(),
                      .tv_nsec = static_cast<long>(uint_at(info, 3))};
  const std::array<timespec, 2> times{time, time};
  return answer(info,
                sys::check(::utimensat(int_at(info, 0), name.c_str(), times.data(), AT_SYMLINK_NOFOLLOW),
                           "utimensat", name));
}

/** (directory, name, attribute, value) */
Napi::Value set_attribute(const Napi::CallbackInfo& info) {
  const std::string path = "/proc/self/fd/" + std::to_string(int_at(info, 0)) + "/" + text_at(info, 1);
  const std::string name = text_at(info, 2);
  const std::span<uint8_t> value = bytes_at(info, 3);
  return answer(info, sys::check(::lsetxattr(path.c_str(), name.c_str(), value.data(), value.size(), 0),
                                 "lsetxattr", name));
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
