// Settings of a container's namespaces: its host name and domain name, its sysctls, its loopback device.
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

#include "core/sys.h"
#include "ops/handlers.gen.h"

namespace tspod::ops {

Result<void> hostname(Context&, const plan::Hostname& step) {
  return sys::check(::sethostname(step.name.c_str(), step.name.view().size()), "sethostname",
                    step.name.view());
}

Result<void> domainname(Context&, const plan::Domainname& step) {
  return sys::check(::setdomainname(step.name.c_str(), step.name.view().size()), "setdomainname",
                    step.name.view());
}

Result<void> sysctl(Context& context, const plan::Sysctl& step) {
  // Only below /proc/sys, nowhere else in /proc.
  if (step.key.view().find("..") != std::string_view::npos) return Error{"sysctl", step.key.str(), EINVAL};
  return context.proc.write(("sys/" + step.key.str()).c_str(), step.value.view());
}

Result<void> link_up(Context&, const plan::LinkUp& step) {
  ifreq request{};
  if (step.name.view().size() >= sizeof request.ifr_name)
    return Error{"SIOCSIFFLAGS", step.name.str(), ENODEV};
  std::memcpy(request.ifr_name, step.name.c_str(), step.name.view().size());
  const UniqueFd socket = TRY(sys::check_fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket"));
  TRY(sys::check(::ioctl(socket.get(), SIOCGIFFLAGS, &request), "SIOCGIFFLAGS", step.name.view()));
  request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
  return sys::check(::ioctl(socket.get(), SIOCSIFFLAGS, &request), "SIOCSIFFLAGS", step.name.view());
}

}  // namespace tspod::ops
