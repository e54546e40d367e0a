// Children in user namespaces that were there before them.
#pragma once

#include "core/result.h"
#include "core/sys_process.h"
#include "ops/procfs.h"

namespace tspod {

/**
 * As clone3, but the child is in the user namespace from the start, so that the new namespaces of the request
 * belong to that one. Who joins a user namespace cannot come back: a process in between does, and clones a
 * child of ours. The child is made where ours would be: in the same namespaces otherwise.
 */
Result<sys::Cloned> clone_in_user_namespace(int userns, const sys::CloneRequest& request, ops::Procfs& proc);

}  // namespace tspod
