// The monitor's executable, out of reach of the containers that it enters.
//
// A process of the container may open /proc/PID/exe of one that joins its namespaces, for writing
// (CVE-2019-5736). So what we execute is a file on a read-only mount that nobody else can reach or remount,
// or a copy in memory that is sealed against writing.
#pragma once

#include <string>

#include "core/result.h"

namespace tspod::addon {

/**
 * A descriptor for execveat(2) of the program at `path` (absolute): made once in a process, owned by it to
 * its end. EPERM if the file belongs to someone else than root and this user, or if others may write to it.
 */
Result<int> sealed_executable(const std::string& path);

}  // namespace tspod::addon
