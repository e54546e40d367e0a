// Makes namespaces, and keeps them by a bind mount.
//
// A namespace that a thread has made stays alive through a descriptor of its nsfs file after the thread has
// ended. A user namespace cannot be made by one thread among several: an idle process makes it, and is killed
// once the descriptor is open.
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "addon/environment.h"
#include "addon/exports.h"
#include "core/mapping.h"
#include "core/sys.h"
#include "core/sys_mount.h"
#include "core/sys_process.h"

namespace tspod::addon {
namespace {

constexpr size_t kStackBytes = 16 * 1024;

/**
 * Makes a namespace on the task's thread. `offsets` is for time namespaces: lines of
 * /proc/PID/timens_offsets.
 */
Result<UniqueFd> create_on_thread(int flag, const std::string& name, const std::string& offsets) {
  TRY(sys::unshare(flag));
  // Not "self", which is the process's first thread.
  std::string own = "/proc/" + std::to_string(::gettid());
  if (!offsets.empty()) {
    UniqueFd file = TRY(sys::open((own + "/timens_offsets").c_str(), O_WRONLY | O_CLOEXEC));
    TRY(sys::write_once(file.get(), offsets, "timens_offsets"));
  }
  return sys::open((own + "/ns/" + name).c_str(), O_RDONLY | O_CLOEXEC);
}

/**
 * Does nothing until it is killed. Runs in the memory of Node.js, on a stack of its own: only system calls
 * are allowed.
 */
int hold_namespace(void*) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  while (true) ::pause();
}

/** A process that is killed and reaped at the end of the scope. */
class Holder {
 public:
  /** Starts the process. `flags` are CLONE_NEW* bits of namespaces that are made for it. */
  static Result<Holder> start(int flags, int (*hold)(void*) = hold_namespace, void* argument = nullptr) {
    Mapping stack = TRY(Mapping::make(kStackBytes));
    void* top = stack.bytes().data() + kStackBytes;
    int pidfd = -1;
    pid_t pid = ::clone(hold, top, CLONE_VM | CLONE_PIDFD | SIGCHLD | flags, argument, &pidfd);
    if (pid < 0) return last_error("clone");
    return Holder(pid, UniqueFd(pidfd), std::move(stack));
  }
  Holder(Holder&&) = default;
  Holder& operator=(Holder&&) = delete;
  ~Holder() {
    if (!pidfd_) return;
    (void)sys::pidfd_send_signal(pidfd_.get(), SIGKILL);
    (void)sys::wait_for(pidfd_.get());
  }
  std::string directory() const { return "/proc/" + std::to_string(pid_); }

 private:
  Holder(pid_t pid, UniqueFd pidfd, Mapping stack)
      : stack_(std::move(stack)), pidfd_(std::move(pidfd)), pid_(pid) {}
  Mapping stack_;
  UniqueFd pidfd_;
  pid_t pid_;
};

Result<void> write_proc(const std::string& path, const std::string& value) {
  UniqueFd file = TRY(sys::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  return sys::write_once(file.get(), value, path);
}

struct IdMapLines {
  std::string uids;
  std::string gids;
  bool deny_setgroups;
};

Result<UniqueFd> create_user_namespace(const IdMapLines& maps) {
  Holder holder = TRY(Holder::start(CLONE_NEWUSER));
  if (maps.deny_setgroups) TRY(write_proc(holder.directory() + "/setgroups", "deny"));
  if (!maps.gids.empty()) TRY(write_proc(holder.directory() + "/gid_map", maps.gids));
  if (!maps.uids.empty()) TRY(write_proc(holder.directory() + "/uid_map", maps.uids));
  return sys::open((holder.directory() + "/ns/user").c_str(), O_RDONLY | O_CLOEXEC);
}

struct Joining {
  int userns;
  int report;  // the write end of a pipe
};

/** Like hold_namespace, but joins an existing user namespace first, and reports whether that worked. */
int join_and_hold(void* argument) {
  const auto& joining = *static_cast<const Joining*>(argument);
  const int err = ::setns(joining.userns, CLONE_NEWUSER) == 0 ? 0 : errno;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::write(joining.report, &err, sizeof err) != sizeof err) return 1;
  while (true) ::pause();
}

Result<std::string> read_proc(const std::string& path) {
  const UniqueFd file = TRY(sys::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  return sys::read_all(file.get());
}

/**
 * Returns the id maps of a user namespace as this process sees them: from the files of a process of ours that
 * has joined it.
 */
Result<std::vector<std::string>> read_id_maps(int userns) {
  sys::Pipe pipe = TRY(sys::pipe());
  Joining joining{userns, pipe.write.get()};
  Holder holder = TRY(Holder::start(0, join_and_hold, &joining));
  pipe.write.reset();
  int err = 0;
  if (TRY(sys::read(pipe.read.get(), {reinterpret_cast<char*>(&err), sizeof err})) != sizeof err)
    return Error{"setns", {}, ECHILD};
  if (err != 0) return Error{"setns", {}, err};
  std::vector<std::string> maps;
  for (const char* name : {"/uid_map", "/gid_map"}) maps.push_back(TRY(read_proc(holder.directory() + name)));
  return maps;
}

/** (fd) -> CLONE_NEW* flag of the namespace; ENOTTY if it is not one */
Napi::Value kind_of(const Napi::CallbackInfo& info) {
  const int flag = ::ioctl(int_at(info, 0), NS_GET_NSTYPE);
  return answer(info, flag < 0 ? Result<int32_t>(last_error("ioctl")) : Result<int32_t>(flag));
}

/** (flag, name below /proc/PID/ns, time offsets) */
Napi::Value create(const Napi::CallbackInfo& info) {
  return run_async(info.Env(),
                   [flag = int_at(info, 0), name = string_at(info, 1), offsets = string_at(info, 2)] {
                     return create_on_thread(flag, name, offsets);
                   });
}

/** (uid map, gid map, deny setgroups) */
Napi::Value create_user(const Napi::CallbackInfo& info) {
  IdMapLines maps{string_at(info, 0), string_at(info, 1), bool_at(info, 2)};
  return run_async(info.Env(), [maps = std::move(maps)] { return create_user_namespace(maps); });
}

/** (fd) -> [uid map, gid map] */
Napi::Value read_maps(const Napi::CallbackInfo& info) {
  Result<UniqueFd> own = sys::dup_from(int_at(info, 0), 3);
  if (!own) return failure(info.Env(), own.error());
  return run_async(info.Env(), [fd = std::move(*own)] { return read_id_maps(fd.get()); });
}

/** (flags) Tries, by making one, whether a process may be made in such namespaces. */
Napi::Value probe(const Napi::CallbackInfo& info) {
  return run_async(info.Env(), [flags = int_at(info, 0)]() -> Result<void> {
    TRY(Holder::start(flags));
    return {};
  });
}

Result<void> pin(int fd, const std::string& path) {
  UniqueFd file = TRY(sys::open(path.c_str(), O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0400));
  Result<UniqueFd> mount = sys::clone_tree(fd, "", /*recursive=*/false);
  Result<void> attached =
      mount ? sys::move_mount_to(mount->get(), path.c_str()) : Result<void>(mount.error());
  if (!attached) (void)sys::unlinkat(AT_FDCWD, path.c_str(), 0);  // the mount's failure is the one to report
  return attached;
}

/** (fd, path) */
Napi::Value pin_namespace(const Napi::CallbackInfo& info) {
  Result<UniqueFd> own = sys::dup_from(int_at(info, 0), 3);
  if (!own) return failure(info.Env(), own.error());
  return run_async(info.Env(),
                   [fd = std::move(*own), path = string_at(info, 1)] { return pin(fd.get(), path); });
}

}  // namespace

void export_namespaces(Napi::Env env, Napi::Object exports) {
  add_function(env, exports, "namespaceKind", kind_of);
  add_function(env, exports, "createNamespace", create);
  add_function(env, exports, "createUserNamespace", create_user);
  add_function(env, exports, "readIdMaps", read_maps);
  add_function(env, exports, "pinNamespace", pin_namespace);
  add_function(env, exports, "probeNamespaces", probe);
}

}  // namespace tspod::addon
