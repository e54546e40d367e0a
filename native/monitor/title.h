// What `ps` shows for the monitor.
#pragma once

#include <string>

#include "core/result.h"
#include "ops/procfs.h"

namespace tspod {

/**
 * Writes the title over the arguments that this process was started with, as much of it as there is room for.
 */
Result<void> set_process_title(ops::Procfs& proc, const std::string& title);

}  // namespace tspod
