// Masks of paths in a container.
#pragma once

#include "core/result.h"
#include "ops/context.h"

namespace tspod::ops {

/** Opens the host's null device while it can be reached: before pivotRoot, or at the first mask. */
Result<void> take_null_file(Context& context);

}  // namespace tspod::ops
