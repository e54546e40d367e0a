// Makes the container's terminal, from its own devpts.
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "core/path.h"
#include "core/sys.h"
#include "core/sys_mount.h"
#include "ops/handlers.gen.h"

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif

namespace tspod::ops {
namespace {

Result<UniqueFd> open_master(int root) {
  UniqueFd master = TRY(open_in_root(root, "dev/pts/ptmx", O_RDWR | O_NOCTTY));
  // The container may have put anything there: only a genuine ptmx gives a peer that is a real terminal.
  const struct stat status = TRY(sys::fstat(master.get()));
  const struct statfs file_system = TRY(sys::fstatfs(master.get()));
  const bool genuine =
      S_ISCHR(status.st_mode) && status.st_rdev == makedev(5, 2) && file_system.f_type == DEVPTS_SUPER_MAGIC;
  if (!genuine) return Error{"open", "/dev/pts/ptmx", ENODEV};
  int locked = 0;
  TRY(sys::check(::ioctl(master.get(), TIOCSPTLCK, &locked), "TIOCSPTLCK"));
  return master;
}

Result<void> set_size(int terminal, uint32_t rows, uint32_t columns) {
  winsize size{};
  size.ws_row = static_cast<unsigned short>(rows);
  size.ws_col = static_cast<unsigned short>(columns);
  return sys::check(::ioctl(terminal, TIOCSWINSZ, &size), "TIOCSWINSZ");
}

/**
 * Mounts the terminal on /dev/console, by descriptors on both sides: no name in /dev/pts, which the container
 * may share and change, is looked up (CVE-2025-52565).
 */
Result<void> mount_console(int root, int terminal) {
  const UniqueFd console = TRY(make_file_in_root(root, "dev/console"));
  const UniqueFd mount = TRY(sys::clone_tree(terminal, "", /*recursive=*/false));
  return sys::move_mount(mount.get(), console.get(), "/dev/console");
}

Result<void> make_controlling(int terminal) {
  TRY(sys::check(::setsid(), "setsid"));
  TRY(sys::check(::ioctl(terminal, TIOCSCTTY, 0), "TIOCSCTTY"));
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) TRY(sys::dup3(terminal, stream, 0));
  return {};
}

}  // namespace

Result<void> terminal(Context& context, const plan::Terminal& step) {
  if (context.launch == nullptr) return Error{"terminal", {}, ENOTSUP};
  const int root = TRY(context.slots.get(step.root_slot));
  UniqueFd master = TRY(open_master(root));
  const int flags = O_RDWR | O_NOCTTY | O_CLOEXEC;
  const UniqueFd peer = TRY(sys::check_fd(::ioctl(master.get(), TIOCGPTPEER, flags), "TIOCGPTPEER"));
  if (step.rows != 0 && step.columns != 0) TRY(set_size(peer.get(), step.rows, step.columns));
  if (step.console != 0) TRY(mount_console(root, peer.get()));
  TRY(make_controlling(peer.get()));
  context.has_terminal = true;
  return context.launch->hand_over_terminal(context, std::move(master));
}

}  // namespace tspod::ops
