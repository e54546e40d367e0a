// Makes network namespaces and sets their parameters from outside; reserves ports of the host for a
// container.
#include "ops/network.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/socket.h>

#include <cstring>
#include <ctime>

#include "core/sys.h"
#include "ops/handlers.gen.h"

namespace tspod::ops {
namespace {

constexpr int kBacklog = 128;

constexpr int kReturns = 100;
constexpr timespec kBetweenReturns{.tv_sec = 0, .tv_nsec = 10'000'000};

/**
 * Makes the socket listen, which shows whether another process has the port; from then on nobody can share
 * it. Unless connections are forwarded it then stops listening, so that connections that the firewall's rules
 * do not forward are refused instead of waiting for ever.
 */
Result<void> claim_port(int socket, bool listens) {
  TRY(sys::check(::listen(socket, listens ? kBacklog : 0), "bind"));  // named as for bind(2)
  const int off = 0;
  TRY(sys::check(::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &off, sizeof off), "setsockopt"));
  if (listens) return {};
  sockaddr nobody{};
  nobody.sa_family = AF_UNSPEC;
  return sys::check(::connect(socket, &nobody, sizeof nobody), "connect");
}

Result<UniqueFd> bound_socket(const plan::HoldPort& step) {
  const SocketAddress address = TRY(socket_address(step.address.str(), step.port));
  const bool stream = step.protocol == IPPROTO_TCP;
  const int type = (stream ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK;
  UniqueFd socket = TRY(
      sys::check_fd(::socket(address.storage.ss_family, type, static_cast<int>(step.protocol)), "socket"));
  const int on = 1;
  if (address.storage.ss_family == AF_INET6)
    TRY(sys::check(::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on), "setsockopt"));
  // Closed connections of an earlier run do not keep the port busy.
  if (stream)
    TRY(sys::check(::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "setsockopt"));
  TRY(sys::check(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.size),
                 "bind"));
  if (stream) TRY(claim_port(socket.get(), !step.targets.empty()));
  return socket;
}

bool is_same(const HeldPort& held, const plan::HoldPort& step) {
  return held.protocol == step.protocol && held.port == step.port && held.address == step.address.view();
}

}  // namespace

Result<SocketAddress> socket_address(const std::string& text, uint32_t number) {
  SocketAddress address;
  if (number == 0 || number > UINT16_MAX) return Error{"bind", std::to_string(number), EINVAL};
  const auto port = htons(static_cast<uint16_t>(number));
  sockaddr_in four{};
  if (::inet_pton(AF_INET, text.c_str(), &four.sin_addr) == 1) {
    four.sin_family = AF_INET;
    four.sin_port = port;
    address.size = sizeof four;
    std::memcpy(&address.storage, &four, sizeof four);
    return address;
  }
  sockaddr_in6 six{};
  if (::inet_pton(AF_INET6, text.c_str(), &six.sin6_addr) != 1) return Error{"bind", text, EINVAL};
  six.sin6_family = AF_INET6;
  six.sin6_port = port;
  address.size = sizeof six;
  std::memcpy(&address.storage, &six, sizeof six);
  return address;
}

Result<void> return_to_network(const UniqueFd& home) {
  for (int tries = 1;; ++tries) {
    Result<void> returned = sys::setns(home.get(), CLONE_NEWNET);
    if (returned || returned.error().err != ENOMEM || tries == kReturns) return returned;
    (void)::nanosleep(&kBetweenReturns, nullptr);
  }
}

Result<void> network_namespace(Context& context, const plan::NetworkNamespace& step) {
  if (context.slots.get(step.slot)) return {};
  const UniqueFd home = TRY(context.proc.open_namespace("thread-self", "net"));
  TRY(sys::unshare(CLONE_NEWNET));
  Result<UniqueFd> made = context.proc.open_namespace("thread-self", "net");
  TRY(return_to_network(home));
  return context.slots.put(step.slot, TRY(std::move(made)));
}

Result<void> network_sysctl(Context& context, const plan::NetworkSysctl& step) {
  return in_network(context, step.namespace_slot,
                    [&] { return sysctl(context, plan::Sysctl{.key = step.key, .value = step.value}); });
}

Result<void> hold_port(Context& context, const plan::HoldPort& step) {
  for (HeldPort& held : context.held_ports) {
    if (!is_same(held, step)) continue;
    held.targets = step.targets.copies();
    return {};
  }
  HeldPort held{.protocol = step.protocol,
                .address = step.address.str(),
                .port = step.port,
                .socket = {},
                .forwards = step.protocol == IPPROTO_TCP && !step.targets.empty(),
                .targets = step.targets.copies(),
                .target_port = step.target_port};
  Result<UniqueFd> socket = bound_socket(step);
  if (!socket) return Error{socket.error().op, {}, socket.error().err};
  held.socket = std::move(*socket);
  context.held_ports.push_back(std::move(held));
  return {};
}

Result<void> hold_file(Context& context, const plan::HoldFile& step) {
  for (const HeldFile& held : context.held_files) {
    if (held.path == step.path.view()) return {};
  }
  UniqueFd file = TRY(sys::open(step.path.c_str(), O_RDWR | O_NOFOLLOW));
  TRY(sys::check(sys::retry([&] { return ::flock(file.get(), LOCK_EX | LOCK_NB); }), "flock",
                 step.path.view()));
  context.held_files.push_back({step.path.str(), std::move(file)});
  return {};
}

Result<void> lock_file(Context& context, const plan::LockFile& step) {
  UniqueFd file = TRY(sys::open(step.path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW, 0600));
  TRY(sys::check(sys::retry([&] { return ::flock(file.get(), LOCK_EX); }), "flock", step.path.view()));
  return context.slots.put(step.slot, std::move(file));
}

Result<void> close_slot(Context& context, const plan::CloseSlot& step) {
  context.slots.close(step.slot);
  return {};
}

}  // namespace tspod::ops
