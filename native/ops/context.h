// What the steps of one plan share while they run: in the monitor, in the container's first process (which
// has a copy of the monitor's, as of the clone) and, for plans without a clone, on a thread of the addon.
#pragma once

#include <sys/types.h>

#include <span>
#include <string>
#include <vector>

#include "core/process_name.h"
#include "core/result.h"
#include "core/unique_fd.h"
#include "ops/procfs.h"
#include "ops/settings.h"
#include "ops/slots.h"
#include "plan/ops.gen.h"

namespace tspod::ops {

struct Context;

/** The steps that only a launch can carry out: the monitor has these; elsewhere such steps fail with ENOTSUP.
 */
class LaunchSteps {
 public:
  virtual Result<void> clone(Context& context, const plan::Clone& step) = 0;
  virtual Result<void> adopt(Context& context, const plan::Adopt& step) = 0;
  virtual Result<void> await_stage(Context& context, const plan::AwaitStage& step) = 0;
  /** Gives the master of the terminal to the monitor. */
  virtual Result<void> hand_over_terminal(Context& context, UniqueFd master) = 0;
  /** Moves what the launch needs up to exec out of the way of descriptors up to `highest`, which the command
   * is to have. */
  virtual Result<void> make_way(int highest) = 0;
  /** ECANCELED if the monitor has died. */
  virtual Result<void> check_monitor() = 0;

 protected:
  ~LaunchSteps() = default;
};

/** Changes no owner in chown(2). */
inline constexpr uid_t kNoOwner = static_cast<uid_t>(-1);

/** Who the command will be: from `lookUpUser` or `useIds`, applied by `setIds`. */
struct Identity {
  bool known = false;
  bool applied = false;
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;
  std::string home;
};

/** A descriptor that the command is to have. */
struct ExposedFd {
  uint32_t slot = 0;
  int fd = 0;
};

/** A file whose lock says that this process lives. */
struct HeldFile {
  std::string path;
  UniqueFd file;
};

/** A port of the host that nobody else shall take. */
struct HeldPort {
  uint32_t protocol = 0;
  std::string address;
  uint32_t port = 0;
  UniqueFd socket;
  bool forwards = false;             // it listens, and the monitor hands connections on
  std::vector<std::string> targets;  // to the first of these addresses that takes them
  uint32_t target_port = 0;
};

/** A mount that is put on many places: the first time itself, then copies of it. */
struct MountSource {
  UniqueFd mount;
  bool attached = false;
};

struct Context {
  plan::Stage stage = plan::Stage::kSettings;
  Slots slots;
  Procfs proc;
  Settings* settings = nullptr;       // none in the addon
  LaunchSteps* launch = nullptr;      // none in the addon
  std::span<char> arguments;          // this process's, for its title; empty where nobody sees it
  pid_t child = 0;                    // the container's first process, for those outside
  int32_t userns_slot = plan::kNone;  // holds the user namespace that `clone` makes the child in
  int32_t beside_slot = plan::kNone;  // holds a pidfd: where `clone` goes if its cgroup is divided
  std::string cloning_group;          // that cgroup, as /proc/PID/cgroup names it
  uid_t stream_owner = kNoOwner;      // of the pipes that `clone` makes; kNoOwner: the monitor's
  gid_t stream_group = kNoOwner;
  std::vector<ProcessName> donors;  // whose namespaces this launch joins
  bool donor_missing = false;       // it has found one that does not run
  std::vector<HeldFile> held_files;
  std::vector<HeldPort> held_ports;
  bool has_failed_to_undo = false;  // a step of the teardown or the sweep
  uint64_t returning =
      0;  // CLONE_NEW* bits of namespaces that `clone` must lead this process's children back from

  // of the container's first process
  Identity identity;
  std::vector<ExposedFd> exposed;
  MountSource null_file;
  MountSource empty_directory;
  bool keeps_trees = false;  // the container is started again: teardown leaves its files
  bool masks_files = false;  // the plan has maskPath steps
  bool umask_set = false;
  bool has_terminal = false;       // its standard streams are a terminal that was made for it
  std::string deferred_directory;  // a working directory that only the command's user may enter

  /** Whom a step is about that either of them can carry out: in init the caller, in the monitor's stages its
   * child. */
  [[nodiscard]] pid_t subject() const { return stage == plan::Stage::kInit ? 0 : child; }
};

}  // namespace tspod::ops
