// State that the steps of one plan share while they run: in the monitor, in the container's first process
// (which has a copy of the monitor's, made by the clone) and, for plans without a clone, on a thread of the
// addon.
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

/**
 * The steps that only a launch can carry out. The monitor and the first process implement them; elsewhere
 * such steps fail with ENOTSUP.
 */
class LaunchSteps {
 public:
  virtual Result<void> clone(Context& context, const plan::Clone& step) = 0;
  virtual Result<void> adopt(Context& context, const plan::Adopt& step) = 0;
  virtual Result<void> await_stage(Context& context, const plan::AwaitStage& step) = 0;
  /** Passes the master of the terminal to the monitor. */
  virtual Result<void> hand_over_terminal(Context& context, UniqueFd master) = 0;
  /**
   * Moves the descriptors that the launch needs until exec above `highest`, the highest number that the
   * command is to have.
   */
  virtual Result<void> make_way(int highest) = 0;
  /** Fails with ECANCELED if the monitor has died. */
  virtual Result<void> check_monitor() = 0;

 protected:
  ~LaunchSteps() = default;
};

/** Leaves the owner unchanged in chown(2). */
inline constexpr uid_t kNoOwner = static_cast<uid_t>(-1);

/** The user that the command will run as: set by `lookUpUser` or `useIds`, applied by `setIds`. */
struct Identity {
  bool known = false;
  bool applied = false;
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;
  std::string home;
};

/** A descriptor that the command is to have, under this number. */
struct ExposedFd {
  uint32_t slot = 0;
  int fd = 0;
};

/** A file that is locked for as long as this process lives. */
struct HeldFile {
  std::string path;
  UniqueFd file;
};

/** A port of the host that is reserved for the container. */
struct HeldPort {
  uint32_t protocol = 0;
  std::string address;
  uint32_t port = 0;
  UniqueFd socket;
  bool forwards = false;             // it listens, and the monitor forwards connections
  std::vector<std::string> targets;  // to the first of these addresses that accepts
  uint32_t target_port = 0;
};

/** A mount that is attached at many places: itself at the first one, copies of it at the others. */
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
  std::span<char> arguments;          // overwritten with this process's title; empty: not needed
  pid_t child = 0;                    // pid of the container's first process, outside of it
  int32_t userns_slot = plan::kNone;  // holds the user namespace in which `clone` makes the child
  int32_t beside_slot = plan::kNone;  // pidfd: `clone` uses its cgroup if the given one is divided
  std::string cloning_group;          // the cgroup of `clone`, as /proc/PID/cgroup names it
  uid_t stream_owner = kNoOwner;      // owner of the pipes that `clone` makes; kNoOwner: the monitor's
  gid_t stream_group = kNoOwner;
  std::vector<ProcessName> donors;  // processes whose namespaces this launch joins
  bool donor_missing = false;       // one of them does not run
  std::vector<HeldFile> held_files;
  std::vector<HeldPort> held_ports;
  bool has_failed_to_undo = false;  // in a step of the teardown or the sweep
  /** CLONE_NEW* bits of the namespaces for its children that this process has changed; `clone` resets them.
   */
  uint64_t returning = 0;

  // State of the container's first process:
  Identity identity;
  std::vector<ExposedFd> exposed;
  MountSource null_file;
  MountSource empty_directory;
  bool keeps_trees = false;  // the container is started again: the teardown leaves its files
  bool masks_files = false;  // the plan has maskPath steps
  bool umask_set = false;
  bool has_terminal = false;       // the standard streams are a terminal that was made for it
  std::string deferred_directory;  // working directory that only the command's user may enter

  /**
   * Returns the process that a step applies to which both sides can carry out: in init the caller (0), in the
   * monitor's stages its child.
   */
  [[nodiscard]] pid_t subject() const { return stage == plan::Stage::kInit ? 0 : child; }
};

}  // namespace tspod::ops
