// Opens the monitor's executable so that containers which the monitor enters cannot change it.
//
// A process in a container may open /proc/PID/exe of a process that joins its namespaces, for writing
// (CVE-2019-5736). So the executed file is on a read-only mount that nobody else can reach or remount, or is
// a copy in memory that is sealed against writing.
#pragma once

#include <string>

#include "core/result.h"

namespace tspod::addon {

/**
 * Returns a descriptor for execveat(2) of the program at `path` (absolute). It is made once per process,
 * which owns it to its end. EPERM if the file belongs to somebody else than root and this user, or if others
 * may write to it.
 */
Result<int> sealed_executable(const std::string& path);

}  // namespace tspod::addon
