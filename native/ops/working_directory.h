// Enters the directory that a command starts in.
#pragma once

#include "core/result.h"

namespace tspod::ops {

/** Changes to a directory below the current root; EXDEV if it turns out to be outside (CVE-2024-21626). */
Result<void> enter_directory(const char* path);

}  // namespace tspod::ops
