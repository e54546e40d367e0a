#include "ops/working_directory.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <climits>

#include "core/path.h"
#include "core/sys.h"
#include "ops/handlers.gen.h"

namespace tspod::ops {
namespace {

/**
 * Fails with EXDEV if the working directory is outside the root, as it may be behind a descriptor of the
 * host: the kernel then returns "(unreachable)/...".
 */
Result<void> check_reachable(const char* path) {
  char directory[PATH_MAX];
  TRY(sys::check(::syscall(SYS_getcwd, directory, sizeof directory), "getcwd", path));
  if (directory[0] != '/') return Error{"chdir", path, EXDEV};
  return {};
}

/** Makes the working directory if it is missing; its last component then belongs to the command's user. */
Result<void> make_working_directory(const Context& context, const char* path) {
  const UniqueFd root = TRY(sys::open("/", O_PATH | O_DIRECTORY));
  const Result<UniqueFd> there = open_in_root(root.get(), path, O_PATH);
  if (there || there.error().err != ENOENT) return {};
  const UniqueFd made = TRY(make_directories(root.get(), path));
  if (!context.identity.known) return {};
  return sys::fchown(made.get(), context.identity.uid, context.identity.gid);
}

}  // namespace

Result<void> enter_directory(const char* path) {
  const UniqueFd root = TRY(sys::open("/", O_PATH | O_DIRECTORY));
  const UniqueFd directory = TRY(open_in_root(root.get(), path, O_PATH | O_DIRECTORY));
  TRY(sys::check(::fchdir(directory.get()), "chdir", path));
  return check_reachable(path);
}

Result<void> working_directory(Context& context, const plan::WorkingDirectory& step) {
  if (step.create != 0) TRY(make_working_directory(context, step.path.c_str()));
  const Result<void> entered = enter_directory(step.path.c_str());
  if (entered || context.identity.applied) return entered;
  // Root may have no access where the user has (a home on NFS): setIds tries again.
  if (entered.error().err != EACCES && entered.error().err != EPERM) return entered;
  context.deferred_directory = step.path.str();
  return {};
}

}  // namespace tspod::ops
