// Leaves, joins and keeps namespaces, and writes the id maps of user namespaces.
#include <grp.h>
#include <linux/magic.h>
#include <sched.h>
#include <unistd.h>

#include "core/sys.h"
#include "core/sys_mount.h"
#include "core/sys_process.h"
#include "ops/death_signal.h"
#include "ops/handlers.gen.h"

#ifndef NSFS_MAGIC
#define NSFS_MAGIC 0x6e736673
#endif

namespace tspod::ops {
namespace {

/**
 * Namespaces that change for the caller's later children, not for the caller: the monitor returns to its own
 * after the clone.
 */
constexpr uint64_t kForChildren = CLONE_NEWPID | 0x80 /* CLONE_NEWTIME, which older headers lack */;

/** Returns the path of a file in the procfs directory of the container's first process. */
std::string child_file(const Context& context, const char* file) {
  return std::to_string(context.child) + "/" + file;
}

/** Unmounts a namespace that an earlier run, which was cut off, has left on the file. */
Result<void> unpin(const char* path) {
  const UniqueFd file = TRY(sys::open(path, O_PATH | O_NOFOLLOW));
  const struct statfs status = TRY(sys::fstatfs(file.get()));
  if (status.f_type != NSFS_MAGIC) return {};
  return sys::umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW);
}

}  // namespace

Result<void> join_namespaces(Context& context, const plan::JoinNamespaces& step) {
  // A thread that shares its root and working directory with others (one of Node.js) may not change its mount
  // namespace.
  if ((step.flags & CLONE_NEWNS) != 0) TRY(sys::unshare(CLONE_FS));
  // Otherwise the host's groups would stay, and could not be dropped where the namespace denies setgroups(2).
  // Failure does not matter: a process that may not call this has none of root's groups.
  if ((step.flags & CLONE_NEWUSER) != 0) (void)::setgroups(0, nullptr);
  TRY(sys::setns(TRY(context.slots.get(step.slot)), static_cast<int>(step.flags)));
  context.returning |= step.flags & kForChildren;
  return {};
}

Result<void> unshare(Context& context, const plan::Unshare& step) {
  TRY(sys::unshare(static_cast<int>(step.flags)));
  context.returning |= step.flags & kForChildren;
  return {};
}

Result<void> time_offset(Context& context, const plan::TimeOffset& step) {
  const std::string line =
      step.clock.str() + " " + std::to_string(step.seconds) + " " + std::to_string(step.nanoseconds) + "\n";
  return context.proc.write("self/timens_offsets", line);
}

Result<void> id_maps(Context& context, const plan::IdMaps& step) {
  if (step.deny_setgroups != 0) TRY(context.proc.write(child_file(context, "setgroups").c_str(), "deny"));
  TRY(context.proc.write(child_file(context, "gid_map").c_str(), step.gid_map.view()));
  return context.proc.write(child_file(context, "uid_map").c_str(), step.uid_map.view());
}

Result<void> open_child_namespace(Context& context, const plan::OpenChildNamespace& step) {
  const std::string child = std::to_string(context.child);
  return context.slots.put(step.slot, TRY(context.proc.open_namespace(child.c_str(), step.kind.c_str())));
}

Result<void> pin_namespace(Context& context, const plan::PinNamespace& step) {
  const UniqueFd name = TRY(context.proc.open_namespace("thread-self", step.kind.c_str()));
  const Result<UniqueFd> made = sys::open(step.path.c_str(), O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
  if (!made && made.error().err != EEXIST) return made.error();
  if (!made) TRY(unpin(step.path.c_str()));
  const UniqueFd mount = TRY(sys::clone_tree(name.get(), "", /*recursive=*/false));
  return sys::move_mount_to(mount.get(), step.path.c_str());
}

Result<void> become_namespace_root(Context&, const plan::BecomeNamespaceRoot&) {
  // The host's supplementary groups mean nothing here; where setgroups(2) is denied they cannot be dropped
  // and are unmapped.
  if (::setgroups(0, nullptr) == -1 && errno != EPERM) return last_error("setgroups");
  TRY(sys::check(::setresgid(0, 0, 0), "setresgid"));
  TRY(sys::check(::setresuid(0, 0, 0), "setresuid"));
  return arm_death_signal();
}

Result<void> clone_in_user_namespace(Context& context, const plan::CloneInUserNamespace& step) {
  context.userns_slot = static_cast<int32_t>(step.slot);
  return {};
}

Result<void> clone_beside(Context& context, const plan::CloneBeside& step) {
  context.beside_slot = static_cast<int32_t>(step.slot);
  context.cloning_group = step.group.str();
  return {};
}

Result<void> clone(Context& context, const plan::Clone& step) {
  if (context.launch == nullptr) return Error{"clone3", {}, ENOTSUP};
  return context.launch->clone(context, step);
}

Result<void> adopt(Context& context, const plan::Adopt& step) {
  if (context.launch == nullptr) return Error{"adopt", {}, ENOTSUP};
  return context.launch->adopt(context, step);
}

Result<void> await_stage(Context& context, const plan::AwaitStage& step) {
  if (context.launch == nullptr) return Error{"await", {}, ENOTSUP};
  return context.launch->await_stage(context, step);
}

}  // namespace tspod::ops
