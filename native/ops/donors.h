// Other containers whose namespaces are joined: each launch joins those that they have by then.
#pragma once

#include <optional>
#include <string_view>

#include "core/process_name.h"

namespace tspod::ops {

struct Context;

/**
 * The first process of a container that runs, by the text of the file `state` of its monitor. None of one
 * that is being launched: its process may be in namespaces of the host still.
 */
std::optional<ProcessName> running_process(std::string_view state);

/** Whether what the launch in `context` was to join, or has joined, is no more. */
bool lacks_donor(Context& context);

}  // namespace tspod::ops
