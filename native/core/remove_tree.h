// Removes trees that others may be changing: by descriptors, never through a link.
#pragma once

#include <atomic>

#include "core/result.h"

namespace tspod {

/**
 * Removes the file or the tree at an absolute path. An entry that is gone already is success. What is mounted
 * in the tree is not ours to empty: EBUSY or EXDEV, with the rest left as it is. `stop` is checked before
 * each entry: ECANCELED once it is true.
 */
Result<void> remove_tree(const char* path, const std::atomic<bool>* stop = nullptr);

}  // namespace tspod
