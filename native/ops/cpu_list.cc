#include "ops/cpu_list.h"

#include <charconv>
#include <climits>

namespace tspod::ops {
namespace {

constexpr uint32_t kMaxCpus = 8192;
constexpr uint32_t kWordBits = sizeof(unsigned long) * CHAR_BIT;

/** Removes a number from the front of the text. */
std::optional<uint32_t> take_number(std::string_view& text) {
  uint32_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc() || number >= kMaxCpus) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(parsed.ptr - text.data()));
  return number;
}

bool take(std::string_view& text, char wanted) {
  if (!text.starts_with(wanted)) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

std::optional<std::vector<unsigned long>> parse_cpu_list(std::string_view text) {
  std::vector<unsigned long> cpus(kMaxCpus / kWordBits);
  do {
    const std::optional<uint32_t> first = take_number(text);
    if (!first) return std::nullopt;
    const std::optional<uint32_t> last = take(text, '-') ? take_number(text) : first;
    if (!last || *last < *first) return std::nullopt;
    for (uint32_t cpu = *first; cpu <= *last; ++cpu) cpus[cpu / kWordBits] |= 1UL << (cpu % kWordBits);
  } while (take(text, ','));
  if (!text.empty()) return std::nullopt;
  return cpus;
}

}  // namespace tspod::ops
