#include "core/path.h"

#include <linux/openat2.h>

#include <utility>

#include "core/sys.h"

namespace tspod {
namespace {

/** Number of links that are followed, as the kernel's own limit, MAXSYMLINKS. */
constexpr int kMaxLinks = 40;

/**
 * How often openat2(2) is repeated on EAGAIN, which it returns if a rename or mount on the system might have
 * let ".." escape. Other libraries give up after as many attempts.
 */
constexpr int kMaxRaces = 128;

Result<UniqueFd> open_patiently(int root, const char* path, const sys::OpenHow& how) {
  Result<UniqueFd> opened = sys::openat2(root, path, how);
  for (int race = 0; !opened && opened.error().err == EAGAIN && race < kMaxRaces; ++race) {
    opened = sys::openat2(root, path, how);
  }
  return opened;
}

/** The part of a path before its last component, and that component. */
struct Split {
  std::string_view parent;
  std::string_view name;
};

Split split_last(std::string_view path) {
  while (!path.empty() && path.back() == '/') path.remove_suffix(1);
  const size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return {{}, path};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

Result<UniqueFd> open_directory(int root, const std::string& path) {
  return open_in_root(root, path.empty() ? "." : path.c_str(), O_PATH | O_DIRECTORY);
}

/** Returns where a link that is the last component of `path` points to, as a path in the root. */
std::string follow(const Split& path, const std::string& target) {
  if (target.starts_with('/')) return target;
  return std::string(path.parent) + "/" + target;
}

/**
 * Makes one directory below `parent`. EEXIST is no error: whether the entry is a directory or a link shows
 * when it is opened.
 */
Result<void> make_one(int parent, const std::string& name, uint32_t* left) {
  const Result<void> made = make_directory(parent, name.c_str(), 0755, left);
  if (!made && made.error().err != EEXIST) return made.error();
  return {};
}

Result<UniqueFd> make_directories_counted(int root, const std::string& path, int links_left, uint32_t* left) {
  Result<UniqueFd> found = open_directory(root, path);
  if (found || found.error().err != ENOENT) return found;
  if (links_left == 0) return Error{"openat2", path, ELOOP};

  const Split split = split_last(path);
  if (split.name.empty()) return found;
  const UniqueFd parent = TRY(make_directories_counted(root, std::string(split.parent), links_left, left));
  const std::string name(split.name);
  TRY(make_one(parent.get(), name, left));
  found = open_directory(root, path);
  if (found || found.error().err != ENOENT) return found;

  // The name exists but cannot be opened: a dangling link. The directory to make is its target.
  const std::string target = TRY(sys::readlinkat(parent.get(), name.c_str()));
  return make_directories_counted(root, follow(split, target), links_left - 1, left);
}

Result<UniqueFd> make_file_counted(int root, const std::string& path, int links_left) {
  if (links_left == 0) return Error{"openat2", path, ELOOP};
  Result<UniqueFd> found = open_in_root(root, path.c_str(), O_PATH);
  if (found || found.error().err != ENOENT) return found;

  const Place place = TRY(place_in_root(root, path));
  const int flags = O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY;
  const Result<UniqueFd> made = sys::openat(place.directory.get(), place.name.c_str(), flags, 0644);
  if (made) return open_in_root(place.directory.get(), place.name.c_str(), O_PATH | O_NOFOLLOW);
  if (made.error().err != EEXIST) return made.error();

  const Result<std::string> target = sys::readlinkat(place.directory.get(), place.name.c_str());
  if (target) return make_file_counted(root, follow(split_last(path), *target), links_left - 1);
  return make_file_counted(root, path, links_left - 1);
}

}  // namespace

Result<UniqueFd> open_in_root(int root, const char* path, int flags) {
  return open_patiently(root, path, {flags, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS, 0});
}

Result<UniqueFd> open_without_links(int root, const char* path, int flags) {
  return open_patiently(root, path, {flags, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS, 0});
}

Result<void> make_directory(int parent, const char* name, mode_t mode, uint32_t* left) {
  TRY(sys::mkdirat(parent, name, mode));
  if (left == nullptr) return {};
  if (*left == 0) return Error{"mkdirat", name, E2BIG};
  --*left;
  return {};
}

Result<UniqueFd> make_directories(int root, std::string_view path, uint32_t* left) {
  return make_directories_counted(root, std::string(path), kMaxLinks, left);
}

Result<Place> place_in_root(int root, std::string_view path) {
  const Split split = split_last(path);
  if (split.name.empty() || split.name == "." || split.name == "..")
    return Error{"path", std::string(path), EINVAL};
  UniqueFd directory = TRY(make_directories(root, split.parent));
  return Place{std::move(directory), std::string(split.name)};
}

Result<UniqueFd> make_file_in_root(int root, std::string_view path) {
  return make_file_counted(root, std::string(path), kMaxLinks);
}

}  // namespace tspod
