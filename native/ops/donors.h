// Other containers whose namespaces are joined ("donors"). Each launch joins the namespaces that they have at
// that time.
#pragma once

#include <optional>
#include <string_view>

#include "core/process_name.h"

namespace tspod::ops {

struct Context;

/**
 * Returns the first process of a running container, from the text of its monitor's file `state`. nullopt for
 * a container that is still being launched: its process may be in namespaces of the host.
 */
std::optional<ProcessName> running_process(std::string_view state);

/**
 * Whether a container whose namespaces the launch in `context` was to join, or has joined, does not run any
 * more.
 */
bool lacks_donor(Context& context);

}  // namespace tspod::ops
