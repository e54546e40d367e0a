// Kills a process with all that it has started, from outside its pid namespace.
#pragma once

#include <sys/types.h>

namespace tspod {

/**
 * Kills a process, its process group if it leads one, and its descendants, also those in sessions of their
 * own. Each is stopped before its children are listed, so that none can start others meanwhile. A descendant
 * whose parent has ended belongs to the first process of its pid namespace and is not found. Nothing else is
 * signalled, even if pids are reused meanwhile. The root must be a child of ours that is not reaped. Only for
 * monitors that launch nothing afterwards: it raises their limit of descriptors.
 */
void kill_tree(pid_t root);

}  // namespace tspod
