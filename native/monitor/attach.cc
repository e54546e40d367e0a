#include "monitor/attach.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "core/sys.h"
#include "monitor/checking.h"
#include "monitor/ending.h"
#include "monitor/replan.h"
#include "monitor/streams.h"

namespace tspod {
namespace {

using message::Type;

/** Maximum number of bytes read from a client at once. */
constexpr size_t kClientReadBytes = 64 * 1024;

template <typename Message> bool decode_payload(const Client& client, Message& message) {
  const std::string_view payload = client.reader.payload();
  wire::Reader reader({reinterpret_cast<const uint8_t*>(payload.data()), payload.size()});
  decode(reader, message);
  return reader.finished();
}

void send_failure(Client& client, const Failure& failure) {
  send_message(client, message::Failed{failure.step, failure.err, failure.detail});
}

void attach(Loop& loop, Client& client, const message::Attach& wish) {
  const bool asks = wish.stdin_ != 0 || wish.stdout_ != 0 || wish.stderr_ != 0;
  if (asks && !client.attached() && loop.clients.count_attached() >= kMaxAttached)
    return send_failure(client, Failure{.err = EUSERS, .detail = "attach"});
  client.may_send_stdin = wish.stdin_ != 0;
  client.wants_stdout = wish.stdout_ != 0;
  client.wants_stderr = wish.stderr_ != 0;
  send_message(client, message::Attached{.terminal = loop.has_terminal() ? 1U : 0U});
}

void resize(Loop& loop, const message::Resize& size) {
  winsize& window = loop.monitor.supervision.window.emplace();
  window.ws_row = static_cast<uint16_t>(std::min(size.rows, 0xffffU));
  window.ws_col = static_cast<uint16_t>(std::min(size.columns, 0xffffU));
  resize_terminal(loop);
}

void start(Loop& loop, Client& client) {
  // The client that launched the container, or that asked before, may have gone without an answer.
  if (loop.phase != Phase::kCreated) return send_started(loop, client);
  client.asked_for_start = true;
  const Result<void, Failure> opened = open_gate(loop.monitor, loop.launched);
  if (opened) {
    open_streams(loop);
    return enter_running(loop);
  }
  send_failure(client, opened.error());
  end_unstarted(loop, opened.error());
}

void stop(Loop& loop, Client& client) {
  loop.restarter.disarm();
  send_message(client, message::Stopping{});
  if (loop.is_exec()) return kill_run(loop);
  if (loop.phase == Phase::kWaiting) leave(loop);
}

void drop_policy(Loop& loop, Client& client) {
  loop.restarter.drop_policy();
  send_message(client, message::Stopping{});
  if (loop.phase == Phase::kWaiting && !is_relaunched_by_check(loop)) leave(loop);
}

void replan(Loop& loop, Client& client) {
  const Result<void, Failure> taken = take_next_plan(loop);
  if (!taken) return send_failure(client, taken.error());
  send_message(client, message::Replanned{});
}

/** Makes these addresses of the container the targets of later connections to forwarded ports. */
void retarget_forwards(Loop& loop, Client& client, const message::Forward& target) {
  for (ops::HeldPort& port : loop.monitor.context.held_ports) {
    if (port.forwards) port.targets = target.addresses.copies();
  }
  send_message(client, message::Forwarding{});
}

/**
 * Carries out a client's message. Returns false if it is malformed or makes no sense here: such a client is
 * not ours.
 */
bool obey(Loop& loop, Client& client) {
  message::Attach wish;
  message::Resize size;
  message::Forward target;
  switch (static_cast<Type>(client.reader.type())) {
    case Type::kAttach:
      if (!decode_payload(client, wish)) return false;
      return attach(loop, client, wish), true;
    case Type::kResize:
      if (!decode_payload(client, size)) return false;
      return resize(loop, size), true;
    case Type::kStart: return start(loop, client), true;
    case Type::kStop: return stop(loop, client), true;
    case Type::kDropPolicy: return drop_policy(loop, client), true;
    case Type::kCheck: return ask_for_check(loop, client), true;
    case Type::kKeepTrees: loop.monitor.context.keeps_trees = true; return true;
    case Type::kStdinEnd:
      if (client.may_send_stdin) loop.input.end();
      return true;
    case Type::kReopenLog:
      (void)loop.monitor.supervision.log.reopen();  // if it cannot be opened the old file stays in use
      return true;
    case Type::kReplan: return replan(loop, client), true;
    case Type::kForward:
      if (!decode_payload(client, target)) return false;
      return retarget_forwards(loop, client, target), true;
    case Type::kLaunch:  // only before the loop begins
    case Type::kStdin:   // arrives as kStdinData
    case Type::kCreated:
    case Type::kStarted:
    case Type::kFailed:
    case Type::kExited:
    case Type::kAttached:
    case Type::kStdout:
    case Type::kStderr:
    case Type::kStopping:
    case Type::kChecked:
    case Type::kReplanned:
    case Type::kForwarding: return false;
  }
  return false;
}

/**
 * Handles the bytes that a client has sent. Stops once the container has ended: its last output is read into
 * the same buffer.
 */
void take_in(Loop& loop, Client& client, std::string_view bytes) {
  while (!client.gone && loop.phase != Phase::kLeaving) {
    switch (client.reader.next(bytes)) {
      case MessageReader::Event::kNeedMore: return;
      case MessageReader::Event::kBroken: client.gone = true; return;
      case MessageReader::Event::kMessage:
        if (!obey(loop, client)) client.gone = true;
        break;
      case MessageReader::Event::kStdinData:
        if (client.may_send_stdin) loop.input.send(client.reader.payload());
        break;
    }
  }
}

/** Reads once from a client. Returns false if there is nothing more to read now. */
bool read_client(Loop& loop, Client& client) {
  const std::span<char> buffer = loop.scratch.get();
  if (buffer.empty()) return false;
  const ssize_t count = sys::try_read(client.socket.get(), buffer.first(kClientReadBytes));
  if (count == -EAGAIN) return false;
  if (count <= 0) client.gone = true;
  if (count > 0) take_in(loop, client, {buffer.data(), static_cast<size_t>(count)});
  return !client.gone;
}

/** Whether nothing is read from this client until the container has read some of its input. */
bool is_held_back(const Loop& loop, const Client& client) {
  return client.may_send_stdin && loop.input.is_full();
}

}  // namespace

void adopt_engine(Loop& loop) {
  UniqueFd socket = std::exchange(loop.monitor.engine, UniqueFd());
  if (!socket) return;
  (void)sys::set_nonblocking(socket.get());
  Client* engine = loop.clients.add(std::move(socket));
  engine->asked_for_start = true;  // it sent the plan
  if (loop.monitor.early_attach) attach(loop, *engine, *loop.monitor.early_attach);
}

void accept_clients(Loop& loop) {
  while (true) {
    Result<UniqueFd> socket = sys::accept(loop.monitor.supervision.listener.get());
    if (!socket) {
      loop.accepting_paused = socket.error().err != EAGAIN;
      // The limit of descriptors may be lower than kMaxClients.
      if (loop.accepting_paused) (void)loop.clients.dismiss_listener();
      return;
    }
    // The mode of the directory keeps other users out; this is in case somebody has opened it up.
    const Result<uid_t> peer = sys::peer_uid(socket->get());
    if (!peer || (*peer != 0 && *peer != ::geteuid())) continue;
    (void)loop.clients.add(std::move(*socket));
  }
}

void serve_client(Loop& loop, const Event& event) {
  Client* client = loop.clients.find(event.id);
  if (client == nullptr || client->gone) return;
  if ((event.events & kWritable) != 0) flush(*client);
  if (loop.phase == Phase::kLeaving) return;
  if (!is_held_back(loop, *client)) {
    (void)read_client(loop, *client);
    return;
  }
  // The client has hung up while it was held back. What it had sent until then still counts, within bounds.
  if ((event.events & kHungUp) == 0) return;
  while (!loop.input.is_overfull() && read_client(loop, *client)) continue;
  client->gone = true;
}

void sweep_clients(Loop& loop) {
  const plan::Stdio& stdio = loop.monitor.settings.stdio;
  loop.clients.sweep([&](Client& client) {
    loop.poller.unwatch(client.watch);
    loop.accepting_paused = false;
    if (loop.phase != Phase::kRunning) return;
    if (loop.is_check()) return kill_run(loop);
    // An exec has no attach socket, so nobody can come back to its terminal: when an attached client goes,
    // the connection is lost and the terminal is hung up. A client that detaches on purpose has said so
    // before.
    const bool lost = loop.is_exec() && !loop.monitor.supervision.listener;
    if (lost && loop.has_terminal() && client.attached()) return hang_up_terminal(loop);
    if (!client.may_send_stdin || loop.has_terminal()) return;
    const bool last = !loop.clients.any_with_stdin();
    if (stdio.stdin_once != 0 || (stdio.keep_stdin == 0 && last)) loop.input.end();
  });
}

uint32_t events_of(const Loop& loop, const Client& client) {
  const uint32_t output = client.outgoing.empty() ? kNothing : kWritable;
  if (loop.phase == Phase::kLeaving) return output;
  return output | (is_held_back(loop, client) ? kHungUp : kReadable);
}

}  // namespace tspod
