// Clones children into user namespaces that exist already.
#pragma once

#include "core/result.h"
#include "core/sys_process.h"
#include "ops/procfs.h"

namespace tspod {

/**
 * Like clone3, but the child is in the user namespace `userns` from the start, so that the request's new
 * namespaces belong to it. A process that joins a user namespace cannot come back: an intermediate process
 * joins it and clones a child that is ours (CLONE_PARENT). In all other namespaces the child is where a child
 * of clone3 would be.
 */
Result<sys::Cloned> clone_in_userns(int userns, const sys::CloneRequest& request, ops::Procfs& proc);

}  // namespace tspod
