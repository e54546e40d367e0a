#include "monitor/input.h"

#include <termios.h>

#include <utility>

#include "core/sys.h"

namespace tspod {

void Input::open(UniqueFd descriptor, bool terminal) {
  close();
  descriptor_ = std::move(descriptor);
  terminal_ = terminal;
}

void Input::close() {
  descriptor_.reset();
  queue_.clear();
  ending_ = false;
}

void Input::send(std::string_view bytes) {
  if (!is_open() || ending_ || bytes.empty()) return;
  if (!queue_.append(bytes)) return close();  // no memory: an early end is better than a gap
  flush();
}

void Input::end() {
  if (!is_open() || ending_) return;
  ending_ = true;
  flush();
}

void Input::flush() {
  while (is_open() && !queue_.empty()) {
    const std::string_view bytes = queue_.front();
    const ssize_t count = sys::retry([&] { return ::write(descriptor_.get(), bytes.data(), bytes.size()); });
    if (count == -1 && errno == EAGAIN) return;
    if (count == -1) return close();  // EPIPE: the container has closed its input; EIO: its terminal is gone
    queue_.consume(static_cast<size_t>(count));
  }
  if (is_open() && ending_) finish_end();
}

void Input::finish_end() {
  ending_ = false;
  if (!terminal_) return close();
  termios mode{};
  // Of the master, this tells the mode of the slave.
  if (::tcgetattr(descriptor_.get(), &mode) == -1 || (mode.c_lflag & ICANON) == 0) return;
  const char end_of_file = static_cast<char>(mode.c_cc[VEOF]);
  // If the terminal is full of lines that nobody reads, the character is lost: so would be one that a user types.
  (void)sys::retry([&] { return ::write(descriptor_.get(), &end_of_file, 1); });
}

}  // namespace tspod
