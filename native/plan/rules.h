// Decides which steps may run in which stage: a plan that breaks these rules is refused before anything is
// done.
#pragma once

#include "plan/ops.gen.h"

namespace tspod::plan {

bool runs_in(Op op, Stage stage);

}  // namespace tspod::plan
