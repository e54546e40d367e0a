// What a process passes on to all processes that it starts: umask, execution domain, keyring, session.
#include <linux/keyctl.h>
#include <sys/personality.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/sys.h"
#include "ops/handlers.gen.h"

namespace tspod::ops {

Result<void> umask(Context& context, const plan::Umask& step) {
  ::umask(step.mask & 0777);
  context.umask_set = true;
  return {};
}

Result<void> personality(Context&, const plan::Personality& step) {
  return sys::check(::personality(step.persona), "personality");
}

Result<void> session_keyring(Context&, const plan::SessionKeyring& step) {
  return sys::check(::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, step.name.c_str()), "keyctl",
                    step.name.view());
}

Result<void> new_session(Context&, const plan::NewSession&) {
  return sys::check(::setsid(), "setsid");
}

}  // namespace tspod::ops
