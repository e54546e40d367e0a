// Work inside other namespaces: on a task's thread, which joins them first and ends with the work.
#pragma once

#include <string>
#include <vector>

#include "addon/task.h"

namespace tspod::addon {

struct NamespaceName {
  std::string path;  // an nsfs file: /proc/PID/ns/net, a pinned one, /proc/self/fd/N
  int flag;          // CLONE_NEW*
};
using Namespaces = std::vector<NamespaceName>;

/** Two arguments: an array of paths, and one of flags. */
Namespaces namespaces_at(const Napi::CallbackInfo& info, size_t index);

/** Joins them all, or none that matters: the thread is thrown away after a failure. */
Result<void> enter(const Namespaces& namespaces);

/** Runs `work` in the namespaces. It gets no signals, shares no working directory and no umask with node. */
template <class Work> Napi::Value run_inside(Napi::Env env, Namespaces namespaces, Work work) {
  using Answer = decltype(work());
  return run_async(env, [namespaces = std::move(namespaces), work = std::move(work)]() mutable -> Answer {
    TRY(enter(namespaces));
    return work();
  });
}

}  // namespace tspod::addon
