#include <fcntl.h>
#include <unistd.h>

#include "addon/environment.h"
#include "addon/exports.h"
#include "core/sys.h"

namespace tspod::addon {
namespace {

/** (path, flags) */
Napi::Value open_fd(const Napi::CallbackInfo& info) {
  const std::string path = string_at(info, 0);
  Result<UniqueFd> opened = sys::open(path.c_str(), int_at(info, 1) | O_CLOEXEC);
  // The error names the call that callers know, not openat.
  if (!opened) return answer(info, Result<UniqueFd>(Error{"open", path, opened.error().err}));
  return answer(info, std::move(opened));
}

Napi::Value close_fd(const Napi::CallbackInfo& info) {
  // Not repeated on EINTR: Linux has closed the descriptor by then.
  if (::close(int_at(info, 0)) < 0 && errno != EINTR) return failure(info.Env(), last_error("close"));
  return info.Env().Undefined();
}

Napi::Value pipe(const Napi::CallbackInfo& info) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) < 0) return failure(info.Env(), last_error("pipe2"));
  Napi::Array pair = Napi::Array::New(info.Env(), 2);
  pair.Set(0U, ends[0]);
  pair.Set(1U, ends[1]);
  return pair;
}

/** Duplicates a descriptor, for a user who keeps the open file longer than the first one exists. */
Napi::Value duplicate(const Napi::CallbackInfo& info) {
  int copy = ::fcntl(int_at(info, 0), F_DUPFD_CLOEXEC, 3);
  if (copy < 0) return failure(info.Env(), last_error("fcntl"));
  return Napi::Number::New(info.Env(), copy);
}

}  // namespace

void export_descriptors(Napi::Env env, Napi::Object exports) {
  add_function(env, exports, "openFd", open_fd);
  add_function(env, exports, "closeFd", close_fd);
  add_function(env, exports, "pipe", pipe);
  add_function(env, exports, "duplicate", duplicate);
}

}  // namespace tspod::addon
