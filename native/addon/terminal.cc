#include <termios.h>

#include <cstring>

#include "addon/environment.h"
#include "addon/exports.h"
#include "core/sys.h"

namespace tspod::addon {
namespace {

/** Sets the terminal's mode at once, without waiting for output that somebody holds up (^S). */
Result<void> set_terminal(int terminal, const termios& settings) {
  return sys::check(sys::retry([&] { return ::tcsetattr(terminal, TCSANOW, &settings); }), "tcsetattr");
}

Result<std::vector<uint8_t>> make_raw(int terminal) {
  termios settings{};
  TRY(sys::check(::tcgetattr(terminal, &settings), "tcgetattr"));
  std::vector<uint8_t> before(sizeof settings);
  std::memcpy(before.data(), &settings, sizeof settings);
  ::cfmakeraw(&settings);
  TRY(set_terminal(terminal, settings));
  return before;
}

/** (terminal): returns the previous settings, for restoreTerminal */
Napi::Value make_terminal_raw(const Napi::CallbackInfo& info) {
  return answer(info, make_raw(int_at(info, 0)));
}

/** (terminal, settings) */
Napi::Value restore_terminal(const Napi::CallbackInfo& info) {
  termios settings{};
  const std::span<uint8_t> bytes = bytes_at(info, 1);
  check(bytes.size() == sizeof settings, "settings of a terminal were expected");
  std::memcpy(&settings, bytes.data(), sizeof settings);
  return answer(info, set_terminal(int_at(info, 0), settings));
}

}  // namespace

void export_terminals(Napi::Env env, Napi::Object exports) {
  add_function(env, exports, "makeTerminalRaw", make_terminal_raw);
  add_function(env, exports, "restoreTerminal", restore_terminal);
}

}  // namespace tspod::addon
