// Restrictions that the command can never undo: no new privileges, system call filter, security labels.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <limits>

#include "core/sys.h"
#include "core/sys_process.h"
#include "ops/handlers.gen.h"

namespace tspod::ops {

Result<void> no_new_privileges(Context&, const plan::NoNewPrivileges&) {
  return sys::prctl(PR_SET_NO_NEW_PRIVS, 1, "NO_NEW_PRIVS");
}

Result<void> seccomp(Context&, const plan::Seccomp& step) {
  const size_t count = step.filter.size() / sizeof(sock_filter);
  const bool whole = step.filter.size() % sizeof(sock_filter) == 0;
  if (!whole || count > std::numeric_limits<unsigned short>::max()) return Error{"seccomp", "filter", EINVAL};
  // The kernel copies the instructions, which need not be aligned.
  auto* instructions = reinterpret_cast<sock_filter*>(const_cast<uint8_t*>(step.filter.data()));
  const sock_fprog program{static_cast<unsigned short>(count), instructions};
  return sys::check(::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, step.flags, &program), "seccomp");
}

Result<void> apparmor(Context& context, const plan::Apparmor& step) {
  const std::string value = "exec " + step.profile.str();
  // AppArmor has a file of its own since Linux 5.8; before, the common file belongs to it if it is the only
  // security module.
  const Result<void> written = context.proc.write("self/attr/apparmor/exec", value);
  if (written || written.error().err != ENOENT) return written;
  return context.proc.write("self/attr/exec", value);
}

Result<void> selinux(Context& context, const plan::Selinux& step) {
  return context.proc.write("self/attr/exec", step.label.view());
}

}  // namespace tspod::ops
