// Fills a new tree, the layer of an image, from instructions, many per call. Nobody else writes there, but
// the instructions are not trusted: every path is resolved beneath the root's descriptor, and no link leads
// out of it.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/unique_fd.h"
#include "core/wire.h"

namespace tspod::addon {

/** An entry of the tree, as src/native/tree-writer.ts encodes it. */
struct TreeEntry {
  uint32_t mode = 0;  // including the type
  uint32_t uid = 0;
  uint32_t gid = 0;
  timespec time{};
  uint64_t size = 0;
  uint32_t major = 0;
  uint32_t minor = 0;
  wire::String path;    // for a hard link, the new name; "" is the root
  wire::String target;  // for a link
  uint32_t attributes = 0;
  wire::Bytes attribute_bytes;  // name and value of each
};

/** Limits of a tree. Beyond them: E2BIG, of the call "mkdirat" or, for path_bytes, "path". */
struct TreeLimits {
  /** Number of directories that are made, whether an entry makes or only needs them. */
  uint32_t directories = 0;
  /** Total length of the paths of directories that are remembered to the end. */
  uint32_t path_bytes = 0;
};

class TreeWriter {
 public:
  TreeWriter(UniqueFd root, const TreeLimits& limits) : root_(std::move(root)), left_(limits) {}

  /**
   * Carries out instructions; `data` are the buffers that they refer to by number. EINVAL for a malformed
   * instruction.
   */
  Result<void> apply(wire::Bytes instructions, std::span<const wire::Bytes> data);

  /** Sets the times of directories, which changed when entries were put into them. */
  Result<void> finish();

  /** Returns the directories that were made without an entry, each followed by a NUL, parents first. */
  const std::string& implied() const { return implied_; }

 private:
  /** The place of an entry. The directory is held by the cache until the next look-up. */
  struct Spot {
    int directory;
    std::string name;
  };
  struct Directory {
    std::string path;
    ino_t inode;
    timespec time;
  };

  Result<void> step(wire::Reader& reader, std::span<const wire::Bytes> data);
  Result<void> entry(const TreeEntry& entry);
  Result<void> root_entry(const TreeEntry& entry);
  Result<void> directory(const Spot& spot, const TreeEntry& entry);
  Result<void> file(const Spot& spot, const TreeEntry& entry);
  Result<void> hard_link(const Spot& spot, const TreeEntry& entry);
  Result<void> special(const Spot& spot, const TreeEntry& entry);
  Result<void> write_data(wire::Bytes bytes, uint64_t offset);
  Result<void> end_file();
  Result<void> whiteout(std::string_view path);
  Result<void> opaque(std::string_view path);

  Result<int> parent_of(std::string_view path);
  Result<Spot> spot_of(std::string_view path);
  Result<UniqueFd> implied_directory(const std::string& path);
  Result<void> remember(std::string_view path);
  Result<void> clear(const Spot& spot, const struct stat& status);
  template <class Make> Result<void> make_over(const Spot& spot, Make make);

  UniqueFd root_;
  TreeLimits left_;
  std::string parent_path_;
  UniqueFd parent_;
  UniqueFd file_;
  std::string file_name_;
  TreeEntry file_entry_;
  std::string file_attributes_;
  std::vector<Directory> directories_;
  std::string implied_;
};

}  // namespace tspod::addon
