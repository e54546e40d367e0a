#include "monitor/oom.h"

#include <fcntl.h>

#include <charconv>

#include "core/sys.h"

namespace tspod {
namespace {

Result<uint64_t> read_counter(const Monitor& monitor, const ops::OomCounterSettings& counter) {
  const int cgroup = TRY(monitor.context.slots.get(counter.slot));
  const UniqueFd file = TRY(sys::openat(cgroup, counter.file.c_str(), O_RDONLY));
  char text[1024];
  const size_t size = TRY(sys::read(file.get(), text));
  return find_counter({text, size}, counter.key);
}

}  // namespace

uint64_t count_oom_kills(const Monitor& monitor) {
  if (!monitor.settings.oom_counter) return 0;
  const Result<uint64_t> count = read_counter(monitor, *monitor.settings.oom_counter);
  return count ? *count : 0;
}

uint64_t find_counter(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (!line.starts_with(key) || line.size() <= key.size() || line[key.size()] != ' ') continue;
    uint64_t count = 0;
    std::from_chars(line.data() + key.size() + 1, line.data() + line.size(), count);
    return count;
  }
  return 0;
}

}  // namespace tspod
