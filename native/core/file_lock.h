// File locks with flock(2), which the kernel releases when the process ends.
//
// The file is known by its path, but the lock is on the inode: between our open and our lock another process
// may have removed the file, and a third may have created and locked a new one. So a lock counts only if the
// path still names the file that was locked.
#pragma once

#include <string>

#include "core/result.h"
#include "core/unique_fd.h"

namespace tspod {

/** Opens the lock file at `path`; creates it with mode 0600 if it is missing. */
Result<UniqueFd> open_lock_file(const std::string& path);

/** Whether the path still names the file that was locked. */
Result<bool> is_still_named(const UniqueFd& file, const std::string& path);

/**
 * Locks the file at `path` and returns its descriptor, or an invalid descriptor if the lock is held already.
 */
Result<UniqueFd> try_file_lock(const std::string& path);

/** Waits until the lock on the file at `path` is free, takes it, and returns the file's descriptor. */
Result<UniqueFd> wait_for_file_lock(const std::string& path);

}  // namespace tspod
