// Paths inside a root that is not ours: whoever wrote that tree may have put symlinks anywhere, and may be
// moving them now.
//
// Every look-up is one openat2(2) beneath a descriptor of the root, with ".." and absolute links ending at
// the root and magic links (/proc/PID/fd/N) refused; all that follows goes through the descriptor it
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

/** mkdirat(2), where `left` more directories may be made: it counts down, and the one too many is E2BIG. */
Result<void> make_directory(int parent, const char* name, mode_t mode, uint32_t* left);

/** The directory at this path (O_PATH); what is missing of it is made, mode 0755, also behind a link whose
 * target is missing. `left` as for make_directory; null: any number. */
Result<UniqueFd> make_directories(int root, std::string_view path, uint32_t* left = nullptr);

/** The directory that a last component is to be made in, and its name. */
struct Place {
  UniqueFd directory;
  std::string name;
};

/** Where the last component of `path` is; the directories above it are made if missing. EINVAL for "/", "."
 * and "..". */
Result<Place> place_in_root(int root, std::string_view path);

/** The file at this path (O_PATH), made empty if it is missing. */
Result<UniqueFd> make_file_in_root(int root, std::string_view path);

}  // namespace tspod
