// Reads and writes extended attributes, of links themselves and not of their targets. Not on the main thread:
// the file may be on a network.
#include <sys/xattr.h>

#include "addon/environment.h"
#include "addon/exports.h"
#include "core/sys.h"

namespace tspod::addon {
namespace {

/**
 * Calls a function first for the size of its result and then for the result; the size may change in between.
 */
template <class Call>
Result<std::vector<uint8_t>> read_sized(const char* name, const std::string& path, Call call) {
  while (true) {
    ssize_t size = call(nullptr, 0);
    if (size < 0) return last_error(name, path);
    std::vector<uint8_t> value(static_cast<size_t>(size));
    if (size == 0) return value;
    ssize_t count = call(value.data(), value.size());
    if (count < 0 && errno == ERANGE) continue;
    if (count < 0) return last_error(name, path);
    value.resize(static_cast<size_t>(count));
    return value;
  }
}

/** (path, name) */
Napi::Value get(const Napi::CallbackInfo& info) {
  return run_async(info.Env(), [path = string_at(info, 0), name = string_at(info, 1)] {
    return read_sized("lgetxattr", path, [&](void* value, size_t size) {
      return ::lgetxattr(path.c_str(), name.c_str(), value, size);
    });
  });
}

/** (path, name, value, flags) */
Napi::Value set(const Napi::CallbackInfo& info) {
  std::span<uint8_t> bytes = bytes_at(info, 2);
  return run_async(
      info.Env(), [path = string_at(info, 0), name = string_at(info, 1),
                   value = std::vector<uint8_t>(bytes.begin(), bytes.end()), flags = int_at(info, 3)] {
        return sys::check(::lsetxattr(path.c_str(), name.c_str(), value.data(), value.size(), flags),
                          "lsetxattr", path);
      });
}

/** (path, name) */
Napi::Value remove(const Napi::CallbackInfo& info) {
  return run_async(info.Env(), [path = string_at(info, 0), name = string_at(info, 1)] {
    return sys::check(::lremovexattr(path.c_str(), name.c_str()), "lremovexattr", path);
  });
}

/** (path): returns the names, each followed by a NUL */
Napi::Value list(const Napi::CallbackInfo& info) {
  return run_async(info.Env(), [path = string_at(info, 0)] {
    return read_sized("llistxattr", path, [&](void* names, size_t size) {
      return ::llistxattr(path.c_str(), static_cast<char*>(names), size);
    });
  });
}

}  // namespace

void export_xattrs(Napi::Env env, Napi::Object exports) {
  add_function(env, exports, "getXattr", get);
  add_function(env, exports, "setXattr", set);
  add_function(env, exports, "removeXattr", remove);
  add_function(env, exports, "listXattrs", list);
}

}  // namespace tspod::addon
