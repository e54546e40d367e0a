#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "addon/environment.h"
#include "addon/exports.h"
#include "core/sys.h"
#include "core/sys_process.h"

namespace tspod::addon {
namespace {

Napi::Value open_pidfd(const Napi::CallbackInfo& info) {
  Result<UniqueFd> process = sys::pidfd_open(int_at(info, 0));
  if (!process) return failure(info.Env(), process.error());
  return Napi::Number::New(info.Env(), process->release());
}

Napi::Value send_signal(const Napi::CallbackInfo& info) {
  if (::syscall(SYS_pidfd_send_signal, int_at(info, 0), int_at(info, 1), nullptr, 0U) < 0) {
    return failure(info.Env(), last_error("pidfd_send_signal"));
  }
  return info.Env().Undefined();
}

/** (pidfd) Whether the process has ended: its pidfd becomes readable then, reaped or not. */
Napi::Value has_ended(const Napi::CallbackInfo& info) {
  pollfd entry{.fd = int_at(info, 0), .events = POLLIN, .revents = 0};
  if (sys::retry([&] { return ::poll(&entry, 1, /*timeout=*/0); }) < 0)
    return failure(info.Env(), last_error("poll"));
  return Napi::Boolean::New(info.Env(), entry.revents != 0);
}

/**
 * (pidfd) Returns how a child of ours ended; null while it runs. Reaps only this child: those of libuv are
 * left to libuv.
 */
Napi::Value reap(const Napi::CallbackInfo& info) {
  siginfo_t end{};
  if (::waitid(P_PIDFD, static_cast<id_t>(int_at(info, 0)), &end, WEXITED | WNOHANG) < 0 && errno != EAGAIN) {
    return failure(info.Env(), last_error("waitid"));
  }
  if (end.si_pid == 0) return info.Env().Null();
  bool exited = end.si_code == CLD_EXITED;
  Napi::Object result = Napi::Object::New(info.Env());
  result.Set("code", exited ? end.si_status : -1);
  result.Set("signal", exited ? 0 : end.si_status);
  return result;
}

}  // namespace

void export_processes(Napi::Env env, Napi::Object exports) {
  add_function(env, exports, "openPidfd", open_pidfd);
  add_function(env, exports, "sendSignal", send_signal);
  add_function(env, exports, "hasEnded", has_ended);
  add_function(env, exports, "reap", reap);
}

}  // namespace tspod::addon
