// Sends requests to the kernel's network configuration (netlink(7)), in a network namespace. The messages are
// made and read in src/native/netlink; here they are sent, and the answer is collected up to its end.
#include <linux/netlink.h>
#include <sys/socket.h>

#include "addon/environment.h"
#include "addon/exports.h"
#include "addon/inside.h"
#include "core/netlink.h"
#include "core/sys.h"

namespace tspod::addon {
namespace {

constexpr size_t kReceiveBytes = 256 * 1024;
constexpr size_t kMaxAnswerBytes = 64 * 1024 * 1024;

/** Time limit for the kernel, which answers at once: a lost answer must not block a thread for ever. */
constexpr timeval kPatience{.tv_sec = 10, .tv_usec = 0};

Result<UniqueFd> open_socket(int protocol) {
  UniqueFd socket =
      TRY(sys::check_fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol), "socket", "netlink"));
  int on = 1;
  // Asks for explanations of refused requests; older kernels have none.
  (void)::setsockopt(socket.get(), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
  (void)::setsockopt(socket.get(), SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof on);
  TRY(sys::check(::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience),
                 "setsockopt"));
  return socket;
}

/** Sends one request and returns all datagrams of the answer, one after the other. */
Result<std::vector<uint8_t>> converse(int protocol, std::span<const uint8_t> request) {
  UniqueFd socket = TRY(open_socket(protocol));
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  ssize_t sent = sys::retry([&] {
    return ::sendto(socket.get(), request.data(), request.size(), 0, reinterpret_cast<sockaddr*>(&kernel),
                    sizeof kernel);
  });
  if (sent < 0) return last_error("sendto", "netlink");
  std::vector<uint8_t> answer;
  while (true) {
    size_t before = answer.size();
    answer.resize(before + kReceiveBytes);
    ssize_t count =
        sys::retry([&] { return ::recv(socket.get(), answer.data() + before, kReceiveBytes, MSG_TRUNC); });
    if (count < 0) return last_error("recv", "netlink");
    if (static_cast<size_t>(count) > kReceiveBytes || before > kMaxAnswerBytes)
      return Error{"recv", "netlink", EMSGSIZE};
    answer.resize(before + static_cast<size_t>(count));
    if (netlink::ends_answer(wire::Bytes(answer).subspan(before))) return answer;
  }
}

/** (namespaces, flags, request, protocol) */
Napi::Value netlink(const Napi::CallbackInfo& info) {
  std::span<uint8_t> bytes = bytes_at(info, 2);
  return run_inside(info.Env(), namespaces_at(info, 0),
                    [request = std::vector<uint8_t>(bytes.begin(), bytes.end()), protocol = int_at(info, 3)] {
                      return converse(protocol, request);
                    });
}

}  // namespace

void export_netlink(Napi::Env env, Napi::Object exports) {
  add_function(env, exports, "netlink", netlink);
}

}  // namespace tspod::addon
