#include <sys/socket.h>

#include "addon/environment.h"
#include "addon/exports.h"
#include "addon/sealed_executable.h"
#include "addon/vfork_exec.h"
#include "core/sys.h"

namespace tspod::addon {
namespace {

struct MonitorProcess {
  Spawned process;
  UniqueFd socket;
};

/**
 * Spawns a monitor. Its descriptor 3 is its end of a new stream socket; the descriptors of the request
 * follow.
 */
Result<MonitorProcess> spawn_monitor(const std::string& path, ExecRequest request) {
  request.executable = TRY(sealed_executable(path));
  int ends[2];
  TRY(sys::check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), "socketpair"));
  UniqueFd ours(ends[0]), theirs(ends[1]);
  request.fds.insert(request.fds.begin(), theirs.get());
  Result<Spawned> process = vfork_exec(request);
  if (!process) return Error{process.error().op, path, process.error().err};
  return MonitorProcess{std::move(*process), std::move(ours)};
}

/**
 * Number of spaces in its arguments after its name, over which the monitor writes its container's id, for
 * `ps`.
 */
constexpr size_t kRoomForTitle = 64;

Result<MonitorProcess> spawn_as_asked(const Napi::CallbackInfo& info) {
  ExecRequest request{.arguments = {"tspod-monitor", std::string(kRoomForTitle, ' ')},
                      .environment = TRY(strings_at(info, 1)),
                      .fds = TRY(ints_at(info, 2)),
                      .keep_stderr = bool_at(info, 3)};
  return spawn_monitor(string_at(info, 0), std::move(request));
}

/** (path, environment, fds, keepStderr) */
Napi::Value spawn(const Napi::CallbackInfo& info) {
  Result<MonitorProcess> monitor = spawn_as_asked(info);
  if (!monitor) return failure(info.Env(), monitor.error());
  Napi::Object result = Napi::Object::New(info.Env());
  result.Set("pid", monitor->process.pid);
  result.Set("pidfd", monitor->process.pidfd.release());
  result.Set("socket", monitor->socket.release());
  return result;
}

}  // namespace

void export_spawn(Napi::Env env, Napi::Object exports) {
  add_function(env, exports, "spawnMonitor", spawn);
}

}  // namespace tspod::addon
