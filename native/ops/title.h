// What `ps` shows for a process of ours.
#pragma once

#include <span>
#include <string_view>

#include "core/result.h"
#include "ops/procfs.h"

namespace tspod::ops {

/** Where the arguments lie that this process was started with; its forks have them at the same place. */
Result<std::span<char>> find_arguments(Procfs& proc);

/** Writes the title over the arguments, as much of it as there is room for. Nothing if they are not known. */
void write_title(std::span<char> arguments, std::string_view title);

}  // namespace tspod::ops
