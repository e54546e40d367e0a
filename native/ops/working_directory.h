// Entering the directory that a command starts in.
#pragma once

#include "core/result.h"

namespace tspod::ops {

/** Changes to a directory beneath the current root; EXDEV if where it leads is not within that
 * (CVE-2024-21626). */
Result<void> enter_directory(const char* path);

}  // namespace tspod::ops
