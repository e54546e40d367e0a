// Ending a process with all that it has started, from outside of its pid namespace.
#pragma once

#include <sys/types.h>

namespace tspod {

/**
 * Kills a process, its process group if it leads one, and its descendants, also those in sessions of their
 * own. Each is stopped before its children are looked at, so none can start others meanwhile. A descendant
 * whose parent has ended belongs to the first process of its pid namespace, and is not found. Nothing else is
 * signalled, whatever happens to numbers of processes meanwhile. The root has to be a child of ours that was
 * not reaped. For monitors that launch nothing after that: their limit of descriptors is raised.
 */
void kill_tree(pid_t root);

}  // namespace tspod
