// cpusets of cgroup v1: empty ones inherit the values of the cgroup above.
#include <linux/magic.h>

#include "core/sys.h"
#include "ops/handlers.gen.h"

namespace tspod::ops {
namespace {

constexpr size_t kMaxValue = 4096;

Result<std::string> read_value(int group, const char* name) {
  const UniqueFd file = TRY(sys::openat(group, name, O_RDONLY));
  char value[kMaxValue];
  const size_t size = TRY(sys::read(file.get(), value));
  return std::string(value, size);
}

Result<void> write_value(int group, const char* name, std::string_view value) {
  const UniqueFd file = TRY(sys::openat(group, name, O_WRONLY));
  return sys::write_once(file.get(), value, name);
}

bool is_empty(std::string_view value) {
  return value.empty() || value == "\n";
}

Result<void> inherit(const std::string& path);

Result<void> inherit_value(const std::string& path, int group, const char* name) {
  if (!is_empty(TRY(read_value(group, name)))) return {};
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos || slash == 0) return Error{"cpuset", path, EINVAL};
  // The cgroup above may be new as well, with empty values.
  const std::string above = path.substr(0, slash);
  TRY(inherit(above));
  const UniqueFd parent = TRY(sys::open(above.c_str(), O_PATH | O_DIRECTORY));
  return write_value(group, name, TRY(read_value(parent.get(), name)));
}

Result<void> inherit(const std::string& path) {
  const UniqueFd group = TRY(sys::open(path.c_str(), O_PATH | O_DIRECTORY));
  const struct statfs status = TRY(sys::fstatfs(group.get()));
  if (status.f_type != CGROUP_SUPER_MAGIC) return Error{"cpuset", path, EINVAL};
  TRY(inherit_value(path, group.get(), "cpuset.cpus"));
  return inherit_value(path, group.get(), "cpuset.mems");
}

}  // namespace

Result<void> cpuset_inherit(Context&, const plan::CpusetInherit& step) {
  return inherit(step.path.str());
}

}  // namespace tspod::ops
