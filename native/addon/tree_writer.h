// Fills a new tree from instructions, many in one call: the layer of an image. Nobody else writes there; what
// the instructions say comes from anybody, so that every path is resolved beneath the root's descriptor, and
// no link leads out of it.
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
  uint32_t mode = 0;  // with the type
  uint32_t uid = 0;
  uint32_t gid = 0;
  timespec time{};
  uint64_t size = 0;
  uint32_t major = 0;
  uint32_t minor = 0;
  wire::String path;    // of a hard link's other name too; "" is the root
  wire::String target;  // of a link
  uint32_t attributes = 0;
  wire::Bytes attribute_bytes;  // name and value of each
};

/** What a tree may cost. More is E2BIG: of "mkdirat" or, of the paths, of "path". */
struct TreeLimits {
  /** That are made, whether an entry brings them or only needs them. */
  uint32_t directories = 0;
  /** Of the paths of directories that are remembered to the end, together. */
  uint32_t path_bytes = 0;
};

class TreeWriter {
 public:
  TreeWriter(UniqueFd root, const TreeLimits& limits) : root_(std::move(root)), left_(limits) {}

  /** Carries out instructions; `data` is what they name by number. EINVAL for what is no instruction. */
  Result<void> apply(wire::Bytes instructions, std::span<const wire::Bytes> data);

  /** Times of directories, which what was put into them has changed. */
  Result<void> finish();

  /** Directories that no entry stands for, each ended by a NUL, parents first. */
  const std::string& implied() const { return implied_; }

 private:
  /** Where an entry goes: the directory is held by the cache until the next look-up. */
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
