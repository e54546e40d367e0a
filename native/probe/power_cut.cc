// power_cut DIRECTORY: shuts a file system down as a power cut does: what was not synced is lost. For tests,
// on a disk of their own.
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>

#include <cstdint>

int main(int argc, char** argv) {
  constexpr unsigned long kGoingDown = 0x8004587d;  // FS_IOC_GOINGDOWN
  std::uint32_t without_flushing_the_log = 2;
  const int fd = ::open(argc == 2 ? argv[1] : "", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd != -1 && ::ioctl(fd, kGoingDown, &without_flushing_the_log) == 0) return 0;
  ::perror("power_cut");
  return 1;
}
