#include "monitor/streams.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>

#include <climits>
#include <cstring>
#include <utility>

#include "core/sys.h"

namespace tspod {
namespace {

/** Number of reads from one output before others get their turn. */
constexpr int kReadsAtOnce = 8;

/** Default capacity of a pipe (pipe(7)), and its capacity after a writer has filled it once. */
constexpr size_t kPipeBytes = 64 * 1024;
constexpr int kBusyPipeBytes = 1024 * 1024;

/** More bytes than the kernel holds for a reader of a terminal. */
constexpr size_t kTerminalBytes = 256 * 1024;

void open_output(Output& output, UniqueFd fd, bool terminal) {
  if (!fd) return;
  (void)sys::set_nonblocking(fd.get());  // cannot fail on an open descriptor
  output.fd = std::move(fd);
  output.watch.fd = output.fd.get();
  output.terminal = terminal;
  output.hung_up = false;
  output.widened = false;
}

void close_output(Loop& loop, Output& output) {
  if (!output.fd) return;
  loop.poller.unwatch(output.watch);
  output.fd.reset();
}

void close_input(Loop& loop) {
  loop.poller.unwatch(loop.input_watch);
  loop.input.close();
}

void open_input(Loop& loop, UniqueFd fd, bool terminal) {
  if (!fd) return;
  (void)sys::set_nonblocking(fd.get());
  loop.input_watch.fd = fd.get();
  loop.input.open(std::move(fd), terminal);
}

/**
 * Returns how much of the end of `text` to keep back: an unfinished line, to make one record with what is
 * read next.
 */
size_t begun_line(std::string_view text) {
  const size_t newline = text.rfind('\n');
  const size_t begun = newline == std::string_view::npos ? text.size() : text.size() - newline - 1;
  return begun < kMaxRecordContent ? begun : 0;
}

/**
 * Enlarges the pipe so that the writer can go on while we write: with a full pipe the two would take turns.
 */
void widen(Output& output) {
  if (output.terminal || output.widened) return;
  output.widened = true;
  // EPERM: the user has too much in pipes already (pipe-user-pages-soft). Then the pipe stays as it is.
  (void)::fcntl(output.fd.get(), F_SETPIPE_SZ, kBusyPipeBytes);
}

struct PumpLimits {
  int reads;
  size_t bytes;
  bool draining;  // read until nothing is left, whether or not clients keep up
};

enum class ReadEnd { kMore, kNothing, kClosed };

struct ReadResult {
  ReadEnd end;
  size_t bytes;
};

/**
 * Whether a read that returned less than there was room for has emptied the stream. Not so for a terminal,
 * which returns a few KiB at a time.
 */
bool is_emptied(const Output& output, bool read_was_short) {
  return read_was_short && !output.terminal;
}

ReadResult read_output(Output& output, std::span<char> into, bool draining) {
  const ssize_t count = sys::try_read(output.fd.get(), into);
  if (count > 0) {
    output.hung_up = false;
    const size_t bytes = static_cast<size_t>(count);
    const bool emptied = !draining && is_emptied(output, bytes < into.size());
    return {emptied ? ReadEnd::kNothing : ReadEnd::kMore, bytes};
  }
  if (count == -EAGAIN) return {ReadEnd::kNothing, 0};
  // EIO: nobody has the terminal open. Somebody may open it again, as an init system does.
  if (output.terminal && count == -EIO) {
    output.hung_up = true;
    return {ReadEnd::kNothing, 0};
  }
  return {ReadEnd::kClosed, 0};
}

/**
 * Reads an output up to the limits, and passes everything read to the log and the clients. Returns false if
 * the stream has ended.
 */
bool pump_up_to(Loop& loop, Output& output, const PumpLimits& limits) {
  const std::span<char> buffer = loop.scratch.get();
  if (buffer.empty()) return true;  // no memory: the container waits
  Log& log = loop.monitor.supervision.log;
  size_t kept = 0;
  size_t total = 0;
  ReadEnd end = ReadEnd::kMore;
  for (int reads = 0; reads < limits.reads && end == ReadEnd::kMore && total < limits.bytes; ++reads) {
    const ReadResult result = read_output(output, buffer.subspan(kept), limits.draining);
    end = result.end;
    if (result.bytes >= kPipeBytes) widen(output);
    if (result.bytes > 0) loop.clients.send_output(output.stream, {buffer.data() + kept, result.bytes});
    const bool wait = !limits.draining && loop.clients.are_behind(output.stream);
    if (end == ReadEnd::kMore && wait) end = ReadEnd::kNothing;
    total += result.bytes;
    const std::string_view text(buffer.data(), kept + result.bytes);
    kept = end == ReadEnd::kMore ? begun_line(text) : 0;
    log.write(output.stream, text.substr(0, text.size() - kept));
    std::memmove(buffer.data(), buffer.data() + text.size() - kept, kept);
  }
  log.write(output.stream, {buffer.data(), kept});
  return end != ReadEnd::kClosed;
}

size_t capacity(const Output& output) {
  const int pipe = output.terminal ? -1 : ::fcntl(output.fd.get(), F_GETPIPE_SZ);
  return pipe < 0 ? kTerminalBytes : static_cast<size_t>(pipe);
}

void drain(Loop& loop, Output& output) {
  if (!output.fd) return;
  const PumpLimits limits{.reads = INT_MAX, .bytes = capacity(output), .draining = true};
  (void)pump_up_to(loop, output, limits);
  close_output(loop, output);
}

}  // namespace

void open_streams(Loop& loop) {
  StreamEnds& ends = loop.launched.streams;
  if (ends.terminal) {
    // Reading from and writing to a terminal are watched separately, so it gets a second descriptor.
    Result<UniqueFd> second = sys::dup_from(ends.terminal.get(), 3);
    if (second) open_input(loop, std::move(*second), /*terminal=*/true);
    open_output(loop.out, std::move(ends.terminal), /*terminal=*/true);
  }
  open_input(loop, std::move(ends.in), /*terminal=*/false);
  open_output(loop.out, std::move(ends.out), /*terminal=*/false);
  open_output(loop.err, std::move(ends.err), /*terminal=*/false);
}

void resize_terminal(const Loop& loop) {
  // Without a terminal, or with one that is gone, there is nothing to resize.
  const auto& window = loop.monitor.supervision.window;
  if (window && loop.out.terminal && loop.out.fd) (void)::ioctl(loop.out.fd.get(), TIOCSWINSZ, &*window);
}

void settle_input(Loop& loop) {
  const bool needs_somebody = !loop.has_terminal() && loop.monitor.settings.stdio.keep_stdin == 0;
  if (needs_somebody && !loop.clients.any_with_stdin()) loop.input.end();
}

void pump(Loop& loop, Output& output) {
  if (!output.fd) return;
  const PumpLimits limits{.reads = kReadsAtOnce, .bytes = SIZE_MAX, .draining = false};
  if (!pump_up_to(loop, output, limits)) close_output(loop, output);
}

void drain_and_close_streams(Loop& loop) {
  close_input(loop);
  drain(loop, loop.out);
  drain(loop, loop.err);
  loop.monitor.supervision.log.end_streams();
}

void hang_up_terminal(Loop& loop) {
  close_input(loop);
  close_output(loop, loop.out);
}

uint32_t events_of(const Loop& loop, const Output& output) {
  if (!output.fd || loop.clients.are_behind(output.stream)) return kNothing;
  // A terminal that nobody has open is always readable (with EIO); edges tell when that changes.
  return output.hung_up ? kReadable | EPOLLET : kReadable;
}

}  // namespace tspod
