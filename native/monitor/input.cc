#include "monitor/input.h"

#include <termios.h>

#include <string>
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
  ending_ = finished_ = mid_line_ = false;
}

void Input::finish() {
  queue_.clear();
  finished_ = true;
}

void Input::send(std::string_view bytes) {
  if (!is_open() || ending_ || bytes.empty()) return;
  if (!queue_.append(bytes)) return finish();  // no memory: better an early end than a gap
  mid_line_ = bytes.back() != '\n';
  flush();
}

void Input::end() {
  if (!is_open() || ending_) return;
  ending_ = true;
  flush();
}

void Input::flush() {
  write_waiting();
  if (!is_open() || !ending_ || !queue_.empty()) return;
  ending_ = false;
  if (!terminal_ || !type_end_of_file()) finish();
}

void Input::write_waiting() {
  while (is_open() && !queue_.empty()) {
    const std::string_view bytes = queue_.front();
    const ssize_t count = sys::retry([&] { return ::write(descriptor_.get(), bytes.data(), bytes.size()); });
    if (count == -1 && errno == EAGAIN) return;
    if (count == -1) return finish();  // EPIPE: the container has closed its input; EIO: its terminal is gone
    queue_.consume(static_cast<size_t>(count));
  }
}

/**
 * Types the end-of-file character if the terminal is in canonical mode. Returns false if the terminal is
 * gone.
 */
bool Input::type_end_of_file() {
  termios mode{};
  // On the master this returns the mode of the slave.
  if (::tcgetattr(descriptor_.get(), &mode) == -1) return false;
  if ((mode.c_lflag & ICANON) == 0) return true;
  // In the middle of a line the first character only passes on what was typed so far; the second one is the
  // end of the file.
  const std::string typed(mid_line_ ? 2 : 1, static_cast<char>(mode.c_cc[VEOF]));
  if (!queue_.append(typed)) return false;
  mid_line_ = false;
  write_waiting();
  return is_open();
}

}  // namespace tspod
