// Makes, configures and enters cgroups of version 1, version 2 and both at once.
#include "core/sys.h"
#include "ops/handlers.gen.h"

namespace tspod::ops {
namespace {

Result<void> make_group(const std::string& path);

Result<void> make_parent(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos || slash == 0) return Error{"mkdirat", path, ENOENT};
  return make_group(path.substr(0, slash));
}

Result<void> make_group(const std::string& path) {
  Result<void> made = sys::mkdirat(AT_FDCWD, path.c_str(), 0755);
  if (!made && made.error().err == ENOENT) {
    TRY(make_parent(path));
    made = sys::mkdirat(AT_FDCWD, path.c_str(), 0755);
  }
  return made || made.error().err == EEXIST ? Result<void>() : made;
}

/** Writes one value to a cgroup file, with one write(2) and without creating or truncating it. */
Result<void> write_value(Context& context, uint32_t slot, const char* name, std::string_view value) {
  const int directory = TRY(context.slots.get(slot));
  const UniqueFd file = TRY(sys::openat(directory, name, O_WRONLY | O_NOFOLLOW));
  return sys::write_once(file.get(), value, name);
}

}  // namespace

Result<void> cgroup_create(Context& context, const plan::CgroupCreate& step) {
  TRY(make_group(step.path.str()));
  return context.slots.put(step.slot, TRY(sys::open(step.path.c_str(), O_RDONLY | O_DIRECTORY)));
}

Result<void> cgroup_owner(Context& context, const plan::CgroupOwner& step) {
  const int group = TRY(context.slots.get(step.slot));
  TRY(sys::fchown(group, step.uid, step.gid));
  for (const wire::String name : step.files) {
    const Result<void> given = sys::fchownat(group, name.c_str(), step.uid, step.gid);
    if (!given && given.error().err != ENOENT) return given;
  }
  return {};
}

Result<void> write_file_at(Context& context, const plan::WriteFileAt& step) {
  return write_value(context, step.slot, step.name.c_str(), step.value.view());
}

Result<void> cgroup_enter(Context& context, const plan::CgroupEnter& step) {
  return write_value(context, step.slot, step.file.c_str(), std::to_string(context.subject()));
}

}  // namespace tspod::ops
