// The title that `ps` shows for our processes.
#pragma once

#include <span>
#include <string_view>

#include "core/result.h"
#include "ops/procfs.h"

namespace tspod::ops {

/**
 * Returns the memory of the arguments that this process was started with; in its forks they are at the same
 * place.
 */
Result<std::span<char>> find_arguments(Procfs& proc);

/** Writes the title over the arguments, as far as there is room. Does nothing if `arguments` is empty. */
void write_title(std::span<char> arguments, std::string_view title);

}  // namespace tspod::ops
