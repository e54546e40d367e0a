#pragma once

#include "core/result.h"
#include "core/unique_fd.h"

namespace tspod::sys {

/**
 * /dev/null, read and write, by a mount that is read-only and nobody else's: who is given the descriptor
 * cannot change mode, owner or times of the file by it. Where mounts may not be copied, by the usual one.
 */
Result<UniqueFd> open_null_device();

bool is_null_device(int fd);

}  // namespace tspod::sys
