#include "monitor/input.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <csignal>
#include <string>

#include "core/sys.h"
#include "core/sys_event.h"
#include "test/check.h"

namespace tspod {
namespace {

/** Returns everything that can be read now, followed by "EOF" at the end of the file. */
std::string read_all(int fd) {
  std::string all;
  char part[65536];
  ssize_t count = 0;
  while ((count = sys::try_read(fd, part)) > 0) all.append(part, static_cast<size_t>(count));
  return count == 0 ? all + "EOF" : all;
}

struct Ends {
  Input input;
  UniqueFd reader;
};

/** An Input that writes into a pipe. */
void open_pipe(Ends& ends) {
  ::signal(SIGPIPE, SIG_IGN);
  Result<sys::Pipe> pipe = sys::pipe();
  CHECK(static_cast<bool>(sys::set_nonblocking(pipe->read.get())));
  CHECK(static_cast<bool>(sys::set_nonblocking(pipe->write.get())));
  ends.reader = std::move(pipe->read);
  ends.input.open(std::move(pipe->write), /*terminal=*/false);
}

TEST("input: what is sent arrives, then the end") {
  Ends ends;
  open_pipe(ends);
  ends.input.send("one ");
  ends.input.send("two");
  CHECK_EQUAL(read_all(ends.reader.get()), "one two");
  ends.input.end();
  CHECK(ends.input.is_finished());
  ends.input.close();
  CHECK_EQUAL(read_all(ends.reader.get()), "EOF");
}

TEST("input: what the reader does not take waits, in order, and the end waits behind it") {
  Ends ends;
  open_pipe(ends);
  std::string sent;
  for (int i = 0; i < 50; ++i) {
    const std::string piece(10'000, static_cast<char>('a' + i % 26));
    ends.input.send(piece);
    sent += piece;
  }
  CHECK(ends.input.has_waiting());
  CHECK(ends.input.is_full());
  ends.input.end();
  CHECK(!ends.input.is_finished());
  ends.input.send("after the end");
  std::string received;
  while (received.size() < sent.size()) {
    received += read_all(ends.reader.get());
    ends.input.flush();
  }
  CHECK(received == sent);
  CHECK(ends.input.is_finished());
}

TEST("input: is dropped once the reader has closed") {
  Ends ends;
  open_pipe(ends);
  ends.reader.reset();
  ends.input.send("nobody");
  CHECK(ends.input.is_finished());
  CHECK(!ends.input.has_waiting());
  ends.input.send("still nobody");
  ends.input.end();
  CHECK(!ends.input.has_waiting());
}

TEST("input: without a descriptor nothing happens") {
  Input input;
  input.send("x");
  input.end();
  input.flush();
  CHECK(!input.is_open());
  CHECK(!input.is_finished());
}

struct Terminal {
  UniqueFd master;
  UniqueFd slave;
};

Terminal open_terminal() {
  Terminal terminal;
  terminal.master = UniqueFd(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK));
  ::unlockpt(terminal.master.get());
  terminal.slave =
      UniqueFd(::open(::ptsname(terminal.master.get()), O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK));
  return terminal;
}

/**
 * Returns what a program reads from the terminal after this was sent; "EOF" where it reads an end of file.
 */
std::string typed(std::string_view text, bool canonical) {
  Terminal terminal = open_terminal();
  if (!canonical) {
    termios mode{};
    ::tcgetattr(terminal.slave.get(), &mode);
    ::cfmakeraw(&mode);
    ::tcsetattr(terminal.slave.get(), TCSANOW, &mode);
  }
  Input input;
  Result<UniqueFd> master = sys::dup_from(terminal.master.get(), 3);
  input.open(std::move(*master), /*terminal=*/true);
  input.send(text);
  input.end();
  CHECK(!input.is_finished());
  std::string all;
  for (int reads = 0; reads < 3; ++reads) {
    pollfd readable{terminal.slave.get(), POLLIN, 0};
    // The kernel passes typed input on with a delay of its own.
    if (::poll(&readable, 1, 2000) != 1) break;
    char part[100];
    const ssize_t count = ::read(terminal.slave.get(), part, sizeof part);
    if (count == 0) return all + "EOF";
    all.append(part, static_cast<size_t>(count));
  }
  return all;
}

TEST("input: at a terminal its end-of-file character is typed, and the terminal stays") {
  CHECK_EQUAL(typed("line\n", /*canonical=*/true), "line\nEOF");
  CHECK_EQUAL(typed("", /*canonical=*/true), "EOF");
}

TEST("input: in the middle of a line the end-of-file character is typed twice") {
  CHECK_EQUAL(typed("half", /*canonical=*/true), "halfEOF");
}

TEST("input: a terminal in raw mode gets no end-of-file character") {
  CHECK_EQUAL(typed("raw", /*canonical=*/false), "raw");
}

}  // namespace
}  // namespace tspod
