// Looks up paths inside an untrusted root: whoever wrote that tree may have put symlinks anywhere, and may be
// moving them now.
//
// Every look-up is one openat2(2) beneath a descriptor of the root, in which ".." and absolute links end at
// the root and magic links (/proc/PID/fd/N) are refused. All that follows goes through the descriptor that it
// returned, never through a path again.
#pragma once

#include <fcntl.h>
#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.h"
#include "core/unique_fd.h"

namespace tspod {

/** Opens a path in the root. `flags` as for open(2); O_NOFOLLOW keeps a link at the end from being followed
 * (with O_PATH: opens it). */
Result<UniqueFd> open_in_root(int root, const char* path, int flags);

/** Opens a path that stays beneath the root and has no links in it: ELOOP for one, EXDEV for a way out. */
Result<UniqueFd> open_without_links(int root, const char* path, int flags);

/**
 * Like mkdirat(2), but counts `*left` down, the number of directories that may still be made: E2BIG after the
 * one too many. A null `left` sets no limit.
 */
Result<void> make_directory(int parent, const char* name, mode_t mode, uint32_t* left);

/**
 * Opens the directory at this path (O_PATH). Missing components are made with mode 0755, also behind a link
 * whose target is missing. `left` as for make_directory.
 */
Result<UniqueFd> make_directories(int root, std::string_view path, uint32_t* left = nullptr);

/** An open directory, and the name of an entry in it that may be missing. */
struct Place {
  UniqueFd directory;
  std::string name;
};

/**
 * Returns the place of the last component of `path`; missing directories above it are made. EINVAL for "/",
 * "." and "..".
 */
Result<Place> place_in_root(int root, std::string_view path);

/** Opens the file at this path (O_PATH); makes an empty one if it is missing. */
Result<UniqueFd> make_file_in_root(int root, std::string_view path);

}  // namespace tspod
