#include "monitor/clients.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>

#include "core/sys.h"

namespace tspod {
namespace {

/** Sends as much as the socket takes and returns the number of bytes; -1 if the other side is gone. */
ssize_t try_send(int socket, std::string_view head, std::string_view body) {
  iovec parts[] = {{const_cast<char*>(head.data()), head.size()},
                   {const_cast<char*>(body.data()), body.size()}};
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = body.empty() ? 1 : 2;
  const ssize_t count = sys::retry([&] { return ::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT); });
  if (count >= 0) return count;
  return errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM ? 0 : -1;
}

void make_deaf(Client& client) {
  client.deaf = true;
  client.wants_stdout = client.wants_stderr = false;
  client.outgoing.clear();
}

}  // namespace

void send_or_queue(Client& client, std::string_view head, std::string_view body) {
  if (client.gone || client.deaf) return;
  if (client.outgoing.empty()) {
    const ssize_t sent = try_send(client.socket.get(), head, body);
    if (sent == -1) return make_deaf(client);
    const size_t of_head = std::min(static_cast<size_t>(sent), head.size());
    head.remove_prefix(of_head);
    body.remove_prefix(static_cast<size_t>(sent) - of_head);
  }
  // Half a message would break the stream: without memory for the rest the client is lost.
  if (!client.outgoing.append(head) || !client.outgoing.append(body)) client.gone = true;
}

void flush(Client& client) {
  if (client.gone || client.outgoing.empty()) return;
  const ssize_t sent = try_send(client.socket.get(), client.outgoing.front(), {});
  if (sent == -1) return make_deaf(client);
  client.outgoing.consume(static_cast<size_t>(sent));
}

Client* Clients::add(UniqueFd socket) {
  const auto stays = [](const auto& client) { return !client->gone; };
  if (static_cast<size_t>(std::ranges::count_if(all_, stays)) >= kMaxClients && !dismiss_listener())
    return nullptr;
  all_.push_back(std::make_unique<Client>(++last_id_, std::move(socket)));
  return all_.back().get();
}

bool Clients::dismiss_listener() {
  const auto found =
      std::ranges::find_if(all_, [](const auto& client) { return !client->gone && client->only_listens(); });
  if (found == all_.end()) return false;
  (*found)->gone = true;
  return true;
}

Client* Clients::find(uint32_t id) {
  const auto found = std::ranges::find_if(all_, [&](const auto& client) { return client->watch.id == id; });
  return found == all_.end() ? nullptr : found->get();
}

void Clients::send_output(LogStream stream, std::string_view data) {
  // The header of a `stdout` or `stderr` frame: length, type, length of the data. The data itself is sent
  // from where it lies.
  wire::Writer head;
  head.number(static_cast<uint32_t>(sizeof(uint32_t) + data.size()));
  head.number(
      static_cast<uint32_t>(stream == LogStream::kStdout ? message::Type::kStdout : message::Type::kStderr));
  head.number(static_cast<uint32_t>(data.size()));
  for (const std::unique_ptr<Client>& client : all_) {
    if (client->wants(stream)) send_or_queue(*client, head.bytes(), data);
  }
}

bool Clients::are_behind(LogStream stream) const {
  return std::ranges::any_of(all_, [&](const auto& client) {
    return !client->gone && client->wants(stream) && client->outgoing.size() > kClientQueueBytes;
  });
}

size_t Clients::count_attached() const {
  return static_cast<size_t>(
      std::ranges::count_if(all_, [](const auto& client) { return !client->gone && client->attached(); }));
}

bool Clients::any_unsent() const {
  return std::ranges::any_of(all_,
                             [](const auto& client) { return !client->gone && !client->outgoing.empty(); });
}

bool Clients::any_with_stdin() const {
  return std::ranges::any_of(all_,
                             [](const auto& client) { return !client->gone && client->may_send_stdin; });
}

}  // namespace tspod
