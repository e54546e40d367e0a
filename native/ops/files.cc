// Makes files, directories, devices and links: inside a root, or on the host.
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "core/path.h"
#include "core/sys.h"
#include "ops/handlers.gen.h"

namespace tspod::ops {
namespace {

/**
 * Whether the umask may change the mode of new files. The container's first process has umask 0 while it
 * works; others have to set the mode themselves.
 */
bool has_umask(const Context& context) {
  return context.stage != plan::Stage::kInit;
}

Result<void> chown_entry(const Place& place, uid_t uid, gid_t gid) {
  if (uid == 0 && gid == 0) return {};
  return sys::fchownat(place.directory.get(), place.name.c_str(), uid, gid);
}

/** Writes a new file; fails if the name exists. */
Result<void> write_new(int directory, const char* name, const plan::MakeFile& step) {
  const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
  const UniqueFd file = TRY(sys::openat(directory, name, flags, step.mode));
  TRY(sys::fchmod(file.get(), step.mode));
  return sys::write_all(file.get(),
                        {reinterpret_cast<const char*>(step.content.data()), step.content.size()});
}

/** Replaces a file by a whole new one, so that a reader sees one or the other. */
Result<void> replace(const Place& place, const plan::MakeFile& step) {
  const std::string temporary = "." + place.name + ".tspod-new";
  const int directory = place.directory.get();
  // May be left by a run that was cut off.
  const Result<void> cleared = sys::unlinkat(directory, temporary.c_str(), 0);
  if (!cleared && cleared.error().err != ENOENT) return cleared;
  TRY(write_new(directory, temporary.c_str(), step));
  const Result<void> renamed = sys::renameat(directory, temporary.c_str(), directory, place.name.c_str());
  if (!renamed)
    (void)sys::unlinkat(directory, temporary.c_str(), 0);  // the error of the rename is the one to report
  return renamed;
}

}  // namespace

Result<void> make_directory(Context& context, const plan::MakeDirectory& step) {
  const int root = TRY(context.slots.get(step.root_slot));
  if (open_in_root(root, step.path.c_str(), O_PATH | O_DIRECTORY)) return {};
  const Place place = TRY(place_in_root(root, step.path.view()));
  const int parent = place.directory.get();
  TRY(sys::mkdirat(parent, place.name.c_str(), step.mode));
  if (has_umask(context)) {
    const UniqueFd made = TRY(sys::openat(parent, place.name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    TRY(sys::fchmod(made.get(), step.mode));
  }
  return chown_entry(place, step.uid, step.gid);
}

Result<void> make_node(Context& context, const plan::MakeNode& step) {
  const Place place = TRY(place_in_root(TRY(context.slots.get(step.root_slot)), step.path.view()));
  const int directory = place.directory.get();
  const char* name = place.name.c_str();
  const dev_t device = makedev(step.major, step.minor);
  const Result<void> made = sys::mknodat(directory, name, step.mode, device);
  if (!made && made.error().err == EEXIST) {
    const struct stat there = TRY(sys::fstatat(directory, name));
    const bool same = (there.st_mode & S_IFMT) == (step.mode & S_IFMT) && there.st_rdev == device;
    return same ? Result<void>() : made;
  }
  TRY(Result<void>(made));
  if (has_umask(context))
    TRY(sys::check(::fchmodat(directory, name, step.mode & 07777, 0), "fchmodat", name));
  return chown_entry(place, step.uid, step.gid);
}

Result<void> make_symlink(Context& context, const plan::MakeSymlink& step) {
  const Place place = TRY(place_in_root(TRY(context.slots.get(step.root_slot)), step.path.view()));
  const Result<void> made = sys::symlinkat(step.target.c_str(), place.directory.get(), place.name.c_str());
  if (made || made.error().err != EEXIST) return made;
  const Result<std::string> there = sys::readlinkat(place.directory.get(), place.name.c_str());
  return there && *there == step.target.view() ? Result<void>() : made;
}

Result<void> make_file(Context& context, const plan::MakeFile& step) {
  const Place place = TRY(place_in_root(TRY(context.slots.get(step.root_slot)), step.path.view()));
  const Result<void> written = write_new(place.directory.get(), place.name.c_str(), step);
  if (written || written.error().err != EEXIST) return written;
  return replace(place, step);
}

Result<void> set_xattr(Context& context, const plan::SetXattr& step) {
  const int root = TRY(context.slots.get(step.root_slot));
  const UniqueFd file = TRY(open_in_root(root, step.path.c_str(), O_RDONLY | O_NONBLOCK));
  return sys::check(::fsetxattr(file.get(), step.name.c_str(), step.value.data(), step.value.size(), 0),
                    "fsetxattr", step.name.view());
}

}  // namespace tspod::ops
