// Reads the entries of a directory that is held by a descriptor, on a thread and many at a time. Names are
// bytes. No link is followed, and no path is longer than one name.
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include <cstring>

#include "addon/environment.h"
#include "addon/exports.h"
#include "core/directory.h"
#include "core/path.h"
#include "core/sys.h"

namespace tspod::addon {
namespace {

using Bytes = std::vector<uint8_t>;

/** Returns the names in a directory, each followed by a NUL. */
Result<Bytes> read_names(int directory) {
  const UniqueFd own = TRY(sys::openat(directory, ".", O_RDONLY | O_DIRECTORY));
  Bytes names;
  TRY(for_each_entry(own.get(), [&](const DirectoryEntry& entry) -> Result<void> {
    names.insert(names.end(), entry.name, entry.name + std::strlen(entry.name) + 1);
    return {};
  }));
  return names;
}

template <class Number> void put(Bytes& into, Number number) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(&number);
  into.insert(into.end(), bytes, bytes + sizeof number);
}

void put_bytes(Bytes& into, std::string_view bytes) {
  put(into, static_cast<uint32_t>(bytes.size()));
  into.insert(into.end(), bytes.begin(), bytes.end());
}

/**
 * Calls a function first for the size of its result and then for the result. Empty if it fails: the file has
 * no attributes, or has vanished.
 */
template <class Call> std::string read_sized(Call call) {
  for (;;) {
    const ssize_t size = call(nullptr, 0);
    if (size <= 0) return {};
    std::string value(static_cast<size_t>(size), '\0');
    const ssize_t count = call(value.data(), value.size());
    if (count < 0 && errno == ERANGE) continue;
    value.resize(count < 0 ? 0 : static_cast<size_t>(count));
    return value;
  }
}

/** Appends the number of extended attributes, then name and value of each. */
void put_attributes(Bytes& into, int held) {
  // fgetxattr(2) takes no O_PATH descriptor. This path leads to the held file, even if that is a link.
  const std::string path = "/proc/self/fd/" + std::to_string(held);
  const std::string names =
      read_sized([&](char* value, size_t size) { return ::listxattr(path.c_str(), value, size); });
  const size_t count_at = into.size();
  uint32_t count = 0;
  put(into, count);
  for (size_t at = 0; at < names.size(); at += std::strlen(names.c_str() + at) + 1) {
    const char* name = names.c_str() + at;
    const ssize_t size = ::getxattr(path.c_str(), name, nullptr, 0);
    if (size < 0) continue;  // removed meanwhile
    put_bytes(into, name);
    put_bytes(into, read_sized([&](char* value, size_t room) {
                return ::getxattr(path.c_str(), name, value, room);
              }));
    ++count;
  }
  std::memcpy(into.data() + count_at, &count, sizeof count);
}

void put_status(Bytes& into, const struct stat& status) {
  put(into, static_cast<uint32_t>(status.st_mode));
  put(into, static_cast<uint32_t>(status.st_uid));
  put(into, static_cast<uint32_t>(status.st_gid));
  put(into, static_cast<uint32_t>(status.st_nlink));
  put(into, static_cast<uint32_t>(major(status.st_rdev)));
  put(into, static_cast<uint32_t>(minor(status.st_rdev)));
  put(into, static_cast<uint32_t>(status.st_mtim.tv_nsec));
  put(into, static_cast<int64_t>(status.st_mtim.tv_sec));
  put(into, static_cast<uint64_t>(status.st_ino));
  put(into, static_cast<uint64_t>(status.st_dev));
  put(into, static_cast<uint64_t>(status.st_size));
}

/**
 * Appends an entry: an errno and nothing more, or 0, its status, its link target and its attributes. The
 * entry is held open meanwhile, so that all of them are of one inode: others may put something else in its
 * place.
 */
void put_entry(Bytes& into, int directory, const char* name) {
  const Result<UniqueFd> entry = sys::openat(directory, name, O_PATH | O_NOFOLLOW);
  const Result<struct stat> status = entry ? sys::fstat(entry->get()) : entry.error();
  std::string target;
  int error = status ? 0 : status.error().err;
  if (status && S_ISLNK(status->st_mode)) {
    Result<std::string> read = sys::readlinkat(entry->get(), "");
    error = read ? 0 : read.error().err;
    if (read) target = std::move(*read);
  }
  put(into, static_cast<uint32_t>(error));
  if (error != 0) return;
  put_status(into, *status);
  put_bytes(into, target);
  put_attributes(into, entry->get());
}

Result<UniqueFd> held(const Napi::CallbackInfo& info) {
  return sys::dup_from(int_at(info, 0), 3);
}

std::string text_at(const Napi::CallbackInfo& info, size_t index) {
  const std::span<uint8_t> bytes = bytes_at(info, index);
  return std::string(bytes.begin(), bytes.end());
}

/** (directory) */
Napi::Value names_async(const Napi::CallbackInfo& info) {
  Result<UniqueFd> own = held(info);
  if (!own) return failure(info.Env(), own.error());
  return run_async(info.Env(), [directory = std::move(*own)] { return read_names(directory.get()); });
}

/** (directory, names, each followed by a NUL) */
Napi::Value entries_async(const Napi::CallbackInfo& info) {
  Result<UniqueFd> own = held(info);
  if (!own) return failure(info.Env(), own.error());
  return run_async(info.Env(), [directory = std::move(*own), names = text_at(info, 1)]() -> Result<Bytes> {
    Bytes entries;
    for (size_t at = 0; at < names.size(); at += std::strlen(names.c_str() + at) + 1) {
      put_entry(entries, directory.get(), names.c_str() + at);
    }
    return entries;
  });
}

/** (root, path, flags, follow links): links are followed within the root, or a link is an error */
Napi::Value open_beneath(const Napi::CallbackInfo& info) {
  const std::string path = text_at(info, 1);
  const int wanted = int_at(info, 2);
  // openat2(2) refuses combinations of flags that make no sense.
  const int flags = (wanted & O_PATH) != 0 ? wanted : wanted | O_NONBLOCK | O_NOCTTY;
  return answer(info, bool_at(info, 3) ? open_in_root(int_at(info, 0), path.c_str(), flags)
                                       : open_without_links(int_at(info, 0), path.c_str(), flags));
}

}  // namespace

void export_entries(Napi::Env env, Napi::Object exports) {
  add_function(env, exports, "directoryNames", names_async);
  add_function(env, exports, "directoryEntries", entries_async);
  add_function(env, exports, "openBeneath", open_beneath);
}

}  // namespace tspod::addon
