// Sets the user and groups that the command runs as.
#include <grp.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>

#include "core/path.h"
#include "core/sys.h"
#include "core/sys_process.h"
#include "ops/accounts.h"
#include "ops/death_signal.h"
#include "ops/handlers.gen.h"
#include "ops/working_directory.h"

namespace tspod::ops {
namespace {

/** Maximum number of additional groups of one command. */
constexpr uint32_t kMaxExtraGroups = 1024;

/**
 * Makes the command's user the owner of its standard streams: /dev/stdout leads to /proc/self/fd/1, and
 * opening that needs permission on the pipe or terminal, which root has made. Files, and terminals of others,
 * are left alone.
 */
Result<void> chown_streams(const Context& context) {
  const uid_t uid = context.identity.uid;
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    const struct stat status = TRY(sys::fstat(stream));
    const bool ours = S_ISFIFO(status.st_mode) || context.has_terminal;
    if (!ours || status.st_uid == uid) continue;
    // Where the id cannot be represented (on a read-only or foreign file system) the command goes without.
    (void)sys::check(::fchown(stream, uid, static_cast<gid_t>(-1)), "fchown");
  }
  return {};
}

/** Explains EINVAL, which the kernel returns for ids that the user namespace does not map. */
Error explain_unmapped(Error error, const char* kind, uint32_t id) {
  if (error.err == EINVAL)
    error.arg = std::string(kind) + ' ' + std::to_string(id) + " is not mapped in its user namespace";
  return error;
}

/**
 * Sets the supplementary groups. A user namespace may deny setgroups(2) to all that are in it: a process that
 * entered it without groups has none to give up, and gets no more than the primary one.
 */
Result<void> change_groups(const Identity& identity) {
  if (::setgroups(identity.groups.size(), identity.groups.data()) == 0) return {};
  const Error error = last_error("setgroups");
  if (error.err == EINVAL) {
    const auto unmapped =
        std::ranges::find_if(identity.groups, [](gid_t group) { return ::setgroups(1, &group) != 0; });
    return unmapped == identity.groups.end() ? error : explain_unmapped(error, "group", *unmapped);
  }
  const bool wants_others =
      std::ranges::any_of(identity.groups, [&](gid_t group) { return group != identity.gid; });
  const bool denied = error.err == EPERM && !wants_others && ::getgroups(0, nullptr) == 0;
  return denied ? Result<void>() : Result<void>(error);
}

Result<void> change_ids(const Identity& identity) {
  TRY(change_groups(identity));
  if (::setresgid(identity.gid, identity.gid, identity.gid) != 0)
    return explain_unmapped(last_error("setresgid"), "group", identity.gid);
  if (::setresuid(identity.uid, identity.uid, identity.uid) != 0)
    return explain_unmapped(last_error("setresuid"), "user", identity.uid);
  return {};
}

}  // namespace

Result<void> look_up_user(Context& context, const plan::LookUpUser& step) {
  const int root = TRY(context.slots.get(step.root_slot));
  if (step.groups.size() > kMaxExtraGroups) return Error{"groups", std::to_string(step.groups.size()), E2BIG};
  AccountQuery query = parse_user_spec(step.user.view());
  for (const wire::String group : step.groups) query.extra_groups.push_back(group.view());
  Account account =
      TRY(look_up_account(query, lines_in_root(root, "etc/passwd"), lines_in_root(root, "etc/group")));
  context.identity = Identity{
      .known = true,
      .uid = account.uid,
      .gid = account.gid,
      .groups = std::move(account.groups),
      .home = std::move(account.home),
  };
  return {};
}

Result<void> stream_owner(Context& context, const plan::StreamOwner& step) {
  context.stream_owner = step.uid;
  context.stream_group = step.gid;
  return {};
}

Result<void> use_ids(Context& context, const plan::UseIds& step) {
  context.identity = Identity{.known = true, .uid = step.uid, .gid = step.gid, .groups = {}, .home = {}};
  for (uint32_t index = 0; index < step.groups.size(); ++index)
    context.identity.groups.push_back(step.groups[index]);
  return {};
}

Result<void> set_ids(Context& context, const plan::SetIds&) {
  Identity& identity = context.identity;
  if (!identity.known) return Error{"setresuid", "no user was looked up", EINVAL};
  if (identity.uid != 0) TRY(chown_streams(context));
  TRY(sys::prctl(PR_SET_KEEPCAPS, 1, "KEEPCAPS"));
  TRY(change_ids(identity));
  TRY(arm_death_signal());
  identity.applied = true;
  return context.deferred_directory.empty() ? Result<void>()
                                            : enter_directory(context.deferred_directory.c_str());
}

}  // namespace tspod::ops
