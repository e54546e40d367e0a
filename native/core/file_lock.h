// Locks on files: flock(2), which dies with its process.
//
// The file is known by its path, but the lock is on the inode: someone may have removed the file, and a third
// may have made and locked a new one, between our open and our lock. So a lock counts only if the path still
// names the file that was locked.
#pragma once

#include <string>

#include "core/result.h"
#include "core/unique_fd.h"

namespace tspod {

/** Made with mode 0600 if it is missing. */
Result<UniqueFd> open_lock_file(const std::string& path);

/** Whether the path still names the file that was locked. */
Result<bool> is_still_named(const UniqueFd& file, const std::string& path);

/** The locked file, or none (an invalid descriptor) if another holds it. */
Result<UniqueFd> try_file_lock(const std::string& path);

/** The locked file, when it is free. */
Result<UniqueFd> wait_for_file_lock(const std::string& path);

}  // namespace tspod
