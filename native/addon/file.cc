// Reads and writes small files of the kernel (/proc, /sys, cgroups) and host names, in this process's
// namespaces or in others.
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <climits>
#include <memory>

#include "addon/environment.h"
#include "addon/exports.h"
#include "addon/inside.h"
#include "core/sys.h"

namespace tspod::addon {
namespace {

constexpr size_t kChunkBytes = 64 * 1024;

/**
 * Reads a file. EFBIG for one that is longer than `limit`: it is not what the caller expects. Does not block
 * on a pipe that a container has put in the file's place.
 */
Result<std::vector<uint8_t>> read_file(const std::string& path, size_t limit) {
  UniqueFd file = TRY(sys::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  std::vector<uint8_t> content;
  while (true) {
    size_t before = content.size();
    content.resize(before + kChunkBytes);
    auto room = std::span(content).subspan(before);
    Result<size_t> count = sys::read(file.get(), {reinterpret_cast<char*>(room.data()), room.size()});
    if (!count) return Error{"read", path, count.error().err};
    content.resize(before + *count);
    if (*count == 0) return content;
    if (content.size() > limit) return Error{"read", path, EFBIG};
  }
}

/**
 * Writes a value with one write(2), as files of the kernel require, whose error is then that of the write.
 * Other files contain only the value afterwards. Pipes as in read_file.
 */
Result<void> write_file(const std::string& path, std::string_view value) {
  UniqueFd file = TRY(sys::open(path.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  // Some cgroup files do only half of the work on a non-blocking write.
  if (S_ISREG(TRY(sys::fstat(file.get())).st_mode))
    TRY(sys::check(::fcntl(file.get(), F_SETFL, 0), "fcntl", path));
  return sys::write_once(file.get(), value, path);
}

/**
 * Reserves space for a file to grow to `bytes` without changing its length: fallocate(2). Closing the file
 * here releases any fcntl(2) lock that this process has on it.
 */
Result<void> reserve_space(const std::string& path, uint64_t bytes) {
  UniqueFd file = TRY(sys::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW));
  return sys::check(
      sys::retry([&] { return ::fallocate(file.get(), FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(bytes)); }),
      "fallocate", path);
}

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

Result<std::vector<std::string>> read_directory(const std::string& path) {
  UniqueFd file = TRY(sys::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  std::unique_ptr<DIR, CloseDirectory> stream(::fdopendir(file.get()));
  if (stream == nullptr) return last_error("fdopendir", path);
  (void)file.release();  // owned by the stream now
  std::vector<std::string> names;
  while (true) {
    errno = 0;
    const dirent* entry = ::readdir(stream.get());
    if (entry == nullptr && errno != 0) return last_error("readdir", path);
    if (entry == nullptr) return names;
    std::string_view name(entry->d_name);
    if (name != "." && name != "..") names.emplace_back(name);
  }
}

/** (namespaces, flags, path, limit) */
Napi::Value read_file_async(const Napi::CallbackInfo& info) {
  return run_inside(info.Env(), namespaces_at(info, 0),
                    [path = string_at(info, 2), limit = uint_at(info, 3)] { return read_file(path, limit); });
}

/** (namespaces, flags, path, value) */
Napi::Value write_file_async(const Napi::CallbackInfo& info) {
  return run_inside(
      info.Env(), namespaces_at(info, 0),
      [path = string_at(info, 2), value = string_at(info, 3)] { return write_file(path, value); });
}

/** (namespaces, flags, path) */
Napi::Value read_directory_async(const Napi::CallbackInfo& info) {
  return run_inside(info.Env(), namespaces_at(info, 0),
                    [path = string_at(info, 2)] { return read_directory(path); });
}

/** (namespaces, flags) */
Napi::Value get_hostname(const Napi::CallbackInfo& info) {
  return run_inside(info.Env(), namespaces_at(info, 0), []() -> Result<std::string> {
    char name[HOST_NAME_MAX + 1] = {};
    if (::gethostname(name, sizeof name) < 0) return last_error("gethostname");
    return std::string(name);
  });
}

/** (namespaces, flags, name) */
Napi::Value set_hostname(const Napi::CallbackInfo& info) {
  return run_inside(info.Env(), namespaces_at(info, 0), [name = string_at(info, 2)] {
    return sys::check(::sethostname(name.data(), name.size()), "sethostname", name);
  });
}

/** Writes all data of a file system to its disk. */
Result<void> sync_file_system(const std::string& path) {
  UniqueFd file = TRY(sys::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return sys::check(::syncfs(file.get()), "syncfs", path);
}

/** (path) */
Napi::Value sync_file_system_async(const Napi::CallbackInfo& info) {
  return run_async(info.Env(), [path = string_at(info, 0)] { return sync_file_system(path); });
}

/** (path, bytes) */
Napi::Value reserve_space_now(const Napi::CallbackInfo& info) {
  return to_js(info.Env(), reserve_space(string_at(info, 0), uint_at(info, 1)));
}

}  // namespace

void export_files(Napi::Env env, Napi::Object exports) {
  add_function(env, exports, "readFile", read_file_async);
  add_function(env, exports, "writeFile", write_file_async);
  add_function(env, exports, "readDirectory", read_directory_async);
  add_function(env, exports, "getHostname", get_hostname);
  add_function(env, exports, "setHostname", set_hostname);
  add_function(env, exports, "reserveSpace", reserve_space_now);
  add_function(env, exports, "syncFileSystem", sync_file_system_async);
}

}  // namespace tspod::addon
