// Acting in another network namespace for the length of a call.
#pragma once

#include <sched.h>

#include "core/sys_process.h"
#include "ops/context.h"

namespace tspod::ops {

/** Calls `act` in the network namespace of the slot (NONE: where the caller is), and comes back, whatever
 * `act` returns. */
template <typename Act> auto in_network(Context& context, int32_t slot, Act&& act) -> decltype(act()) {
  if (slot == plan::kNone) return act();
  const UniqueFd home = TRY(context.proc.open_namespace("thread-self", "net"));
  TRY(sys::setns(TRY(context.slots.get(slot)), CLONE_NEWNET));
  auto result = act();
  TRY(sys::setns(home.get(), CLONE_NEWNET));
  return result;
}

}  // namespace tspod::ops
