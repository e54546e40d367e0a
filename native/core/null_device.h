#pragma once

#include "core/result.h"
#include "core/unique_fd.h"

namespace tspod::sys {

/**
 * Opens /dev/null for reading and writing through a read-only mount of its own: whoever is given the
 * descriptor cannot use it to change the file's mode, owner or times. Where mounts may not be copied, opens
 * the host's /dev/null itself.
 */
Result<UniqueFd> open_null_device();

bool is_null_device(int fd);

}  // namespace tspod::sys
