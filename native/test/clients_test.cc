#include "monitor/clients.h"

#include <sys/socket.h>

#include <csignal>
#include <string>
#include <vector>

#include "core/sys_event.h"
#include "test/check.h"

namespace tspod {
namespace {

struct Ends {
  Client* client = nullptr;
  UniqueFd other;
};

Ends connect(Clients& clients) {
  int ends[2];
  CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0);
  return {clients.add(UniqueFd(ends[0])), UniqueFd(ends[1])};
}

std::string received(int socket) {
  std::string all;
  char part[65536];
  for (ssize_t count = 0; (count = sys::try_read(socket, part)) > 0;)
    all.append(part, static_cast<size_t>(count));
  return all;
}

std::string output_frame(uint32_t type, const std::string& data) {
  wire::Writer frame;
  frame.number(static_cast<uint32_t>(4 + data.size()));
  frame.number(type);
  frame.number(static_cast<uint32_t>(data.size()));
  frame.raw(data);
  return frame.bytes();
}

TEST("clients: output goes, framed, to those who want the stream") {
  Clients clients;
  const Ends out = connect(clients);
  const Ends err = connect(clients);
  const Ends both = connect(clients);
  out.client->wants_stdout = both.client->wants_stdout = true;
  err.client->wants_stderr = both.client->wants_stderr = true;
  clients.send_output(LogStream::kStdout, "to out");
  clients.send_output(LogStream::kStderr, "to err");
  CHECK_EQUAL(received(out.other.get()), output_frame(106, "to out"));
  CHECK_EQUAL(received(err.other.get()), output_frame(107, "to err"));
  CHECK_EQUAL(received(both.other.get()), output_frame(106, "to out") + output_frame(107, "to err"));
}

TEST("clients: one who does not read is behind, and gets everything in the end") {
  Clients clients;
  const Ends slow = connect(clients);
  slow.client->wants_stdout = true;
  std::string expected;
  while (!clients.are_behind(LogStream::kStdout)) {
    const std::string data(30'000, static_cast<char>('a' + expected.size() % 26));
    clients.send_output(LogStream::kStdout, data);
    expected += output_frame(106, data);
  }
  CHECK(!clients.are_behind(LogStream::kStderr));
  CHECK(slow.client->outgoing.size() < kClientQueueBytes + 31'000);
  std::string all;
  while (clients.any_unsent()) {
    all += received(slow.other.get());
    flush(*slow.client);
  }
  CHECK(all + received(slow.other.get()) == expected);
}

TEST("clients: one who has hung up holds nobody up, and what it had sent can still be read") {
  Clients clients;
  Ends gone = connect(clients);
  gone.client->wants_stdout = true;
  gone.client->may_send_stdin = true;
  CHECK(::send(gone.other.get(), "last", 4, 0) == 4);
  gone.other.reset();
  clients.send_output(LogStream::kStdout, std::string(1'000'000, 'x'));
  CHECK(!clients.are_behind(LogStream::kStdout));
  CHECK(!clients.any_unsent());
  CHECK(!gone.client->gone);
  CHECK_EQUAL(received(gone.client->socket.get()), "last");
}

TEST("clients: there is always room for one more, for which the oldest that only listens goes") {
  Clients clients;
  std::vector<Ends> all;
  for (size_t i = 0; i < kMaxClients; ++i) all.push_back(connect(clients));
  all[0].client->wants_stdout = true;
  all[1].client->asked_for_start = true;
  all[2].client->awaits_check = true;
  for (const size_t goes : {3U, 4U}) {
    const Ends more = connect(clients);
    CHECK(more.client != nullptr);
    for (size_t i = 0; i < goes; ++i) CHECK(all[i].client->gone == (i > 2));
    CHECK(all[goes].client->gone);
    CHECK(!all[goes + 1].client->gone);
  }
  for (Ends& ends : all) ends.client->wants_stdout = true;
  CHECK_EQUAL(clients.count_attached(), kMaxClients - 2);
}

TEST("clients: those that are gone are forgotten, the others stay findable") {
  Clients clients;
  const Ends first = connect(clients);
  const Ends second = connect(clients);
  const uint32_t first_id = first.client->watch.id;
  const uint32_t second_id = second.client->watch.id;
  first.client->gone = true;
  int leaving = 0;
  clients.sweep([&](Client& client) { leaving += client.watch.id == first_id ? 1 : 100; });
  CHECK_EQUAL(leaving, 1);
  CHECK(clients.find(first_id) == nullptr);
  CHECK(clients.find(second_id) == second.client);
}

TEST("clients: a message is a frame of its fields") {
  Clients clients;
  const Ends one = connect(clients);
  send_message(*one.client, message::Attached{.terminal = 1});
  CHECK_EQUAL(received(one.other.get()), std::string("\x04\0\0\0\x69\0\0\0\x01\0\0\0", 12));
}

}  // namespace
}  // namespace tspod
