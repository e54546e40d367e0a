#include "ops/title.h"

#include <fcntl.h>

#include <algorithm>
#include <cstdlib>
#include <string>

#include "core/sys.h"

namespace tspod::ops {
namespace {

/**
 * Returns a numeric field of /proc/PID/stat; fields are counted from 1, and the first after the name is 3.
 */
uint64_t stat_field(std::string_view stat, int field) {
  std::string_view rest = stat.substr(std::min(stat.rfind(')') + 2, stat.size()));
  for (int number = 3; number < field; ++number)
    rest.remove_prefix(std::min(rest.find(' ') + 1, rest.size()));
  return std::strtoull(std::string(rest.substr(0, rest.find(' '))).c_str(), nullptr, 10);
}

}  // namespace

Result<std::span<char>> find_arguments(Procfs& proc) {
  const UniqueFd file = TRY(proc.open_file("self/stat", O_RDONLY));
  char stat[1024];
  const size_t size = TRY(sys::read(file.get(), stat));
  const uint64_t begin = stat_field({stat, size}, 48);  // arg_start
  const uint64_t end = stat_field({stat, size}, 49);    // arg_end
  if (begin == 0 || end <= begin) return Error{"process title", {}, ENOTSUP};
  return std::span(reinterpret_cast<char*>(begin), end - begin);
}

void write_title(std::span<char> arguments, std::string_view title) {
  if (arguments.empty()) return;
  std::fill(arguments.begin(), arguments.end(), '\0');
  std::copy_n(title.data(), std::min(arguments.size() - 1, title.size()), arguments.data());
}

}  // namespace tspod::ops
