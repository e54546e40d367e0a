#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "addon/environment.h"
#include "addon/exports.h"

namespace tspod::addon {
namespace {

/** Connects to the socket `name` in a directory whose path may be longer than a socket address can hold. */
Result<UniqueFd> connect_at(const std::string& directory, const std::string& name, int type_flags) {
  UniqueFd where(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!where) return last_error("open", directory);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  int length = std::snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", where.get(),
                             name.c_str());
  if (length < 0 || static_cast<size_t>(length) >= sizeof address.sun_path) {
    return Error{"connect", directory + "/" + name, ENAMETOOLONG};
  }
  UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | type_flags, 0));
  if (!socket) return last_error("socket");
  if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) < 0) {
    return last_error("connect", directory + "/" + name);
  }
  return socket;
}

/** (directory, name) EAGAIN if the listener's queue is full. */
Napi::Value connect_now(const Napi::CallbackInfo& info) {
  return answer(info, connect_at(string_at(info, 0), string_at(info, 1), SOCK_NONBLOCK));
}

/** (directory, name) Waits for a place in the listener's queue. */
Napi::Value connect_waiting(const Napi::CallbackInfo& info) {
  return run_async(
      info.Env(),
      [directory = string_at(info, 0), name = string_at(info, 1)]() -> Result<UniqueFd> {
        UniqueFd socket = TRY(connect_at(directory, name, /*type_flags=*/0));
        if (::fcntl(socket.get(), F_SETFL, O_NONBLOCK) < 0) return last_error("fcntl");
        return socket;
      },
      Turn::kAtOnce);
}

/** (socket) Returns the process id of the listener at the other end. */
Napi::Value peer_pid(const Napi::CallbackInfo& info) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(int_at(info, 0), SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
    return answer(info, Result<int>(last_error("getsockopt")));
  return Napi::Number::New(info.Env(), peer.pid);
}

/**
 * Returns the number of bytes, or the negative errno: cheaper than an error, since this is called for each
 * message.
 */
Napi::Value count_or_errno(const Napi::CallbackInfo& info, ssize_t count) {
  return Napi::Number::New(info.Env(), static_cast<double>(count < 0 ? -errno : count));
}

Napi::Value receive(const Napi::CallbackInfo& info) {
  std::span<uint8_t> buffer = bytes_at(info, 1);
  ssize_t count;
  do {
    count = ::recv(int_at(info, 0), buffer.data(), buffer.size(), MSG_DONTWAIT);
  } while (count < 0 && errno == EINTR);
  return count_or_errno(info, count);
}

Napi::Value send(const Napi::CallbackInfo& info) {
  std::span<uint8_t> bytes = bytes_at(info, 1);
  ssize_t count;
  do {
    count = ::send(int_at(info, 0), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  } while (count < 0 && errno == EINTR);
  return count_or_errno(info, count);
}

}  // namespace

void export_sockets(Napi::Env env, Napi::Object exports) {
  add_function(env, exports, "connectNow", connect_now);
  add_function(env, exports, "connectWaiting", connect_waiting);
  add_function(env, exports, "peerPid", peer_pid);
  add_function(env, exports, "receive", receive);
  add_function(env, exports, "send", send);
}

}  // namespace tspod::addon
