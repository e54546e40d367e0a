#include "ops/donors.h"

#include <fcntl.h>

#include <algorithm>
#include <charconv>

#include "core/sys.h"
#include "core/sys_process.h"
#include "ops/handlers.gen.h"

namespace tspod::ops {
namespace {

/**
 * Returns the value after `key` on its line; empty if there is no such line, or if the line has no newline.
 */
std::string_view value_of(std::string_view text, std::string_view key) {
  for (size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (line.starts_with(key) && line.substr(key.size()).starts_with(' ')) return line.substr(key.size() + 1);
  }
  return {};
}

template <typename Number> bool parse(std::string_view text, Number& number) {
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  return parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
}

bool is_gone(const Error& error) {
  return error.err == ENOENT || error.err == ESRCH;
}

/** Reads the file `state` of a monitor in one call: it is only ever replaced as a whole. */
Result<std::optional<ProcessName>> read_state(const char* path) {
  const Result<UniqueFd> file = sys::open(path, O_RDONLY | O_NOFOLLOW);
  if (!file && is_gone(file.error())) return std::optional<ProcessName>();
  if (!file) return file.error();
  char text[1024];
  const size_t size = TRY(sys::read(file->get(), text));
  return running_process(std::string_view(text, size));
}

}  // namespace

std::optional<ProcessName> running_process(std::string_view state) {
  if (value_of(state, "status") != "running") return std::nullopt;
  const std::string_view init = value_of(state, "init");
  const size_t space = init.find(' ');
  ProcessName process;
  if (space == std::string_view::npos || !parse(init.substr(0, space), process.pid) ||
      !parse(init.substr(space + 1), process.start_time) || process.pid <= 0)
    return std::nullopt;
  return process;
}

Result<void> open_donor(Context& context, const plan::OpenDonor& step) {
  const auto missing = [&] {
    context.donor_missing = true;
    return Error{"no running container", step.id.str(), ESRCH};
  };
  const std::optional<ProcessName> process = TRY(read_state(step.state.c_str()));
  if (!process) return missing();
  Result<UniqueFd> opened = sys::pidfd_open(process->pid);
  if (!opened && is_gone(opened.error())) return missing();
  if (!opened) return opened.error();
  // The pidfd is opened first: if its process ends now and another gets the pid, the start times differ.
  if (TRY(context.proc.is_ending(*process))) return missing();
  context.donors.push_back(*process);
  return context.slots.put(step.slot, *std::move(opened));
}

bool lacks_donor(Context& context) {
  if (context.donor_missing) return true;
  return std::ranges::any_of(context.donors, [&](const ProcessName& process) {
    const Result<bool> ending = context.proc.is_ending(process);
    return ending && *ending;
  });
}

}  // namespace tspod::ops
