#include "addon/tree_writer.h"

#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <utility>

#include "core/path.h"
#include "core/remove_tree.h"
#include "core/sys.h"

namespace tspod::addon {
namespace {

/** Codes of the instructions that src/native/tree-writer.ts writes. */
enum class Instruction : uint32_t { kEntry = 1, kHardLink = 2, kData = 3, kWhiteout = 4, kOpaque = 5 };

/**
 * The attribute that hides a directory of lower layers, for overlays mounted by the host's root, as all of
 * ours are.
 */
constexpr const char* kOpaque = "trusted.overlay.opaque";

std::string proc_path(int directory, const std::string& name) {
  std::string path = "/proc/self/fd/" + std::to_string(directory);
  return name.empty() ? path : path + "/" + name;
}

bool is_whiteout(const struct stat& status) {
  return S_ISCHR(status.st_mode) && status.st_rdev == 0;
}

/** Sets the extended attributes of an entry; those that the file system does not support are left out. */
template <class Set> Result<void> set_attributes(const TreeEntry& entry, Set set) {
  wire::Reader reader(entry.attribute_bytes);
  for (uint32_t i = 0; i < entry.attributes; ++i) {
    const wire::String name = reader.string();
    const wire::Bytes value = reader.bytes();
    if (!reader.ok()) return Error{"setxattr", entry.path.str(), EINVAL};
    if (set(name.c_str(), value) == -1 && errno != EOPNOTSUPP)
      return last_error("setxattr", std::string(entry.path.view()) + ": " + name.str());
  }
  return {};
}

TreeEntry read_entry(wire::Reader& reader) {
  TreeEntry entry;
  wire::get(reader, entry.mode);
  wire::get(reader, entry.uid);
  wire::get(reader, entry.gid);
  entry.time.tv_sec = reader.number<int64_t>();
  entry.time.tv_nsec = static_cast<long>(reader.number<uint32_t>());
  wire::get(reader, entry.size);
  wire::get(reader, entry.major);
  wire::get(reader, entry.minor);
  wire::get(reader, entry.path);
  wire::get(reader, entry.target);
  wire::get(reader, entry.attributes);
  wire::get(reader, entry.attribute_bytes);
  return entry;
}

std::string_view parent_path(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

std::string_view last_name(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

}  // namespace

Result<void> TreeWriter::apply(wire::Bytes instructions, std::span<const wire::Bytes> data) {
  wire::Reader reader(instructions);
  while (reader.remaining() > 0) TRY(step(reader, data));
  return {};
}

Result<void> TreeWriter::step(wire::Reader& reader, std::span<const wire::Bytes> data) {
  const auto kind = static_cast<Instruction>(reader.number<uint32_t>());
  const Error malformed{"instruction", std::to_string(static_cast<uint32_t>(kind)), EINVAL};
  if (kind != Instruction::kData) TRY(end_file());
  switch (kind) {
    case Instruction::kEntry: {
      const TreeEntry made = read_entry(reader);
      return reader.ok() ? entry(made) : malformed;
    }
    case Instruction::kHardLink: {
      const TreeEntry link = read_entry(reader);
      if (!reader.ok()) return malformed;
      return hard_link(TRY(spot_of(link.path.view())), link);
    }
    case Instruction::kData: {
      const auto buffer = reader.number<uint32_t>();
      const auto start = reader.number<uint32_t>();
      const auto length = reader.number<uint32_t>();
      const auto offset = reader.number<uint64_t>();
      if (!reader.ok() || buffer >= data.size() || start > data[buffer].size() ||
          length > data[buffer].size() - start)
        return malformed;
      return write_data(data[buffer].subspan(start, length), offset);
    }
    case Instruction::kWhiteout: {
      const wire::String path = reader.string();
      return reader.ok() ? whiteout(path.view()) : malformed;
    }
    case Instruction::kOpaque: {
      const wire::String path = reader.string();
      return reader.ok() ? opaque(path.view()) : malformed;
    }
  }
  return malformed;
}

Result<void> TreeWriter::entry(const TreeEntry& entry) {
  if (entry.path.empty()) return root_entry(entry);
  const Spot spot = TRY(spot_of(entry.path.view()));
  switch (entry.mode & S_IFMT) {
    case S_IFDIR: return directory(spot, entry);
    case S_IFREG: return file(spot, entry);
    default: return special(spot, entry);
  }
}

Result<void> TreeWriter::root_entry(const TreeEntry& entry) {
  if (!S_ISDIR(entry.mode)) return Error{"mkdir", "/", EINVAL};
  const std::string own = proc_path(root_.get(), "");
  TRY(sys::check(::chown(own.c_str(), entry.uid, entry.gid), "chown", "/"));
  TRY(set_attributes(entry, [&](const char* name, wire::Bytes value) {
    return ::setxattr(own.c_str(), name, value.data(), value.size(), 0);
  }));
  TRY(sys::check(::chmod(own.c_str(), entry.mode & 07777), "chmod", "/"));
  directories_.push_back({"", TRY(sys::fstat(root_.get())).st_ino, entry.time});
  return {};
}

/** Makes an entry; replaces what an earlier entry has put there. */
template <class Make> Result<void> TreeWriter::make_over(const Spot& spot, Make make) {
  const Result<void> made = make();
  if (made || made.error().err != EEXIST) return made;
  TRY(clear(spot, TRY(sys::fstatat(spot.directory, spot.name.c_str()))));
  return make();
}

Result<void> TreeWriter::clear(const Spot& spot, const struct stat& status) {
  if (!S_ISDIR(status.st_mode)) return sys::unlinkat(spot.directory, spot.name.c_str(), 0);
  return remove_tree(proc_path(spot.directory, spot.name).c_str());
}

Result<void> TreeWriter::directory(const Spot& spot, const TreeEntry& entry) {
  bool hides_lower = false;
  const Result<void> made = make_directory(spot.directory, spot.name.c_str(), 0700, &left_.directories);
  if (!made) {
    if (made.error().err != EEXIST) return made;
    const struct stat there = TRY(sys::fstatat(spot.directory, spot.name.c_str()));
    if (!S_ISDIR(there.st_mode)) {
      // A whiteout followed by a directory: nothing of the directory in lower layers is visible.
      hides_lower = is_whiteout(there);
      TRY(clear(spot, there));
      TRY(make_directory(spot.directory, spot.name.c_str(), 0700, &left_.directories));
    }
  }
  const UniqueFd opened =
      TRY(sys::openat(spot.directory, spot.name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  TRY(sys::check(::fchown(opened.get(), entry.uid, entry.gid), "fchown", entry.path.view()));
  TRY(set_attributes(entry, [&](const char* name, wire::Bytes value) {
    return ::fsetxattr(opened.get(), name, value.data(), value.size(), 0);
  }));
  if (hides_lower) TRY(sys::check(::fsetxattr(opened.get(), kOpaque, "y", 1, 0), "fsetxattr", kOpaque));
  TRY(sys::fchmod(opened.get(), entry.mode & 07777));
  TRY(remember(entry.path.view()));
  directories_.push_back({entry.path.str(), TRY(sys::fstat(opened.get())).st_ino, entry.time});
  return {};
}

/** Counts a path that is kept to the end; E2BIG beyond the limit. */
Result<void> TreeWriter::remember(std::string_view path) {
  if (path.size() > left_.path_bytes) return Error{"path", std::string(path), E2BIG};
  left_.path_bytes -= static_cast<uint32_t>(path.size());
  return {};
}

Result<void> TreeWriter::file(const Spot& spot, const TreeEntry& entry) {
  TRY(make_over(spot, [&]() -> Result<void> {
    file_ =
        TRY(sys::openat(spot.directory, spot.name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600));
    return {};
  }));
  // The instructions are gone after the call, and the content may come with the next one.
  file_name_ = entry.path.str();
  file_attributes_.assign(entry.attribute_bytes.begin(), entry.attribute_bytes.end());
  file_entry_ = entry;
  file_entry_.path = file_name_;
  file_entry_.target = {};
  file_entry_.attribute_bytes = {reinterpret_cast<const uint8_t*>(file_attributes_.data()),
                                 file_attributes_.size()};
  return {};
}

Result<void> TreeWriter::write_data(wire::Bytes bytes, uint64_t offset) {
  if (!file_.valid()) return Error{"pwrite", "", EINVAL};
  while (!bytes.empty()) {
    const ssize_t count = sys::retry(
        [&] { return ::pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset)); });
    if (count == -1) return last_error("pwrite", file_name_);
    bytes = bytes.subspan(static_cast<size_t>(count));
    offset += static_cast<uint64_t>(count);
  }
  return {};
}

/**
 * Sets the file's length, owner, attributes, permissions and times, in an order in which none undoes another.
 */
Result<void> TreeWriter::end_file() {
  if (!file_.valid()) return {};
  const UniqueFd own = std::move(file_);
  file_ = UniqueFd();
  const TreeEntry& entry = file_entry_;
  const int fd = own.get();
  TRY(sys::check(::ftruncate(fd, static_cast<off_t>(entry.size)), "ftruncate", file_name_));
  TRY(sys::check(::fchown(fd, entry.uid, entry.gid), "fchown", file_name_));
  TRY(set_attributes(entry, [&](const char* name, wire::Bytes value) {
    return ::fsetxattr(fd, name, value.data(), value.size(), 0);
  }));
  TRY(sys::fchmod(fd, entry.mode & 07777));
  const std::array<timespec, 2> times{entry.time, entry.time};
  return sys::check(::futimens(fd, times.data()), "futimens", file_name_);
}

/** Makes another name for what an earlier entry has made. */
Result<void> TreeWriter::hard_link(const Spot& spot, const TreeEntry& entry) {
  const std::string_view target = entry.target.view();
  const std::string parent(parent_path(target));
  const UniqueFd directory =
      TRY(open_in_root(root_.get(), parent.empty() ? "." : parent.c_str(), O_PATH | O_DIRECTORY));
  const std::string name(last_name(target));
  const struct stat source = TRY(sys::fstatat(directory.get(), name.c_str()));
  const Result<struct stat> there = sys::fstatat(spot.directory, spot.name.c_str());
  if (there && there->st_ino == source.st_ino) return {};
  return make_over(spot, [&] {
    return sys::check(::linkat(directory.get(), name.c_str(), spot.directory, spot.name.c_str(), 0), "linkat",
                      entry.path.view());
  });
}

/** Makes a symbolic link, device or fifo. */
Result<void> TreeWriter::special(const Spot& spot, const TreeEntry& entry) {
  const char* name = spot.name.c_str();
  const bool is_link = S_ISLNK(entry.mode);
  TRY(make_over(spot, [&] {
    if (is_link) return sys::symlinkat(entry.target.c_str(), spot.directory, name);
    return sys::mknodat(spot.directory, name, (entry.mode & S_IFMT) | 0600,
                        makedev(entry.major, entry.minor));
  }));
  TRY(sys::fchownat(spot.directory, name, entry.uid, entry.gid));
  if (entry.attributes > 0) {
    const std::string own = proc_path(spot.directory, spot.name);
    TRY(set_attributes(entry, [&](const char* attribute, wire::Bytes value) {
      return ::lsetxattr(own.c_str(), attribute, value.data(), value.size(), 0);
    }));
  }
  // The name is not that of a link: this function has made it, and nobody else writes here.
  if (!is_link) TRY(sys::check(::fchmodat(spot.directory, name, entry.mode & 07777, 0), "fchmodat", name));
  const std::array<timespec, 2> times{entry.time, entry.time};
  return sys::check(::utimensat(spot.directory, name, times.data(), AT_SYMLINK_NOFOLLOW), "utimensat",
                    entry.path.view());
}

/** Hides the entry of this name in lower layers; what this layer itself has stays. */
Result<void> TreeWriter::whiteout(std::string_view path) {
  const Spot spot = TRY(spot_of(path));
  const Result<void> made = sys::mknodat(spot.directory, spot.name.c_str(), S_IFCHR, makedev(0, 0));
  if (made || made.error().err != EEXIST) return made;
  const struct stat there = TRY(sys::fstatat(spot.directory, spot.name.c_str()));
  return S_ISDIR(there.st_mode) ? opaque(path) : Result<void>();
}

Result<void> TreeWriter::opaque(std::string_view path) {
  const int directory = TRY(parent_of(std::string(path) + "/."));
  return sys::check(::setxattr(proc_path(directory, "").c_str(), kOpaque, "y", 1, 0), "setxattr", path);
}

/** Opens the parent directory of a path. Most entries have the same as the one before. */
Result<int> TreeWriter::parent_of(std::string_view path) {
  const std::string_view parent = parent_path(path);
  if (parent_.valid() && parent == parent_path_) return parent_.get();
  std::string wanted(parent);
  Result<UniqueFd> opened =
      open_in_root(root_.get(), wanted.empty() ? "." : wanted.c_str(), O_PATH | O_DIRECTORY);
  parent_ = opened || opened.error().err != ENOENT ? TRY(std::move(opened)) : TRY(implied_directory(wanted));
  parent_path_ = std::move(wanted);
  return parent_.get();
}

Result<TreeWriter::Spot> TreeWriter::spot_of(std::string_view path) {
  const std::string_view name = last_name(path);
  if (name.empty() || name == "." || name == "..") return Error{"path", std::string(path), EINVAL};
  const int directory = TRY(parent_of(path));
  return Spot{directory, std::string(name)};
}

/** Makes a directory that an entry needs and no entry has made, and those above it. */
Result<UniqueFd> TreeWriter::implied_directory(const std::string& path) {
  const std::string above(parent_path(path));
  Result<UniqueFd> opened =
      open_in_root(root_.get(), above.empty() ? "." : above.c_str(), O_PATH | O_DIRECTORY);
  const UniqueFd parent =
      opened || opened.error().err != ENOENT ? TRY(std::move(opened)) : TRY(implied_directory(above));
  const std::string name(last_name(path));
  const Result<void> made = make_directory(parent.get(), name.c_str(), 0755, &left_.directories);
  // A link to something that only lower layers have: its target is made.
  if (!made && made.error().err == EEXIST) return make_directories(root_.get(), path, &left_.directories);
  TRY(made);
  TRY(sys::fchownat(parent.get(), name.c_str(), 0, 0));
  TRY(sys::check(::fchmodat(parent.get(), name.c_str(), 0755, 0), "fchmodat", path));
  TRY(remember(path));
  implied_.append(path).push_back('\0');
  return open_in_root(root_.get(), path.c_str(), O_PATH | O_DIRECTORY);
}

Result<void> TreeWriter::finish() {
  TRY(end_file());
  parent_ = UniqueFd();
  for (auto at = directories_.rbegin(); at != directories_.rend(); ++at) {
    const Result<UniqueFd> opened =
        open_in_root(root_.get(), at->path.empty() ? "." : at->path.c_str(), O_PATH | O_DIRECTORY);
    if (!opened) continue;  // a later entry has replaced it
    if (TRY(sys::fstat(opened->get())).st_ino != at->inode) continue;
    const std::array<timespec, 2> times{at->time, at->time};
    const std::string own = proc_path(opened->get(), "");
    TRY(sys::check(::utimensat(AT_FDCWD, own.c_str(), times.data(), 0), "utimensat", at->path));
  }
  directories_.clear();
  return {};
}

}  // namespace tspod::addon
