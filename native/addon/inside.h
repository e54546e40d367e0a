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

/** A thread in a mount namespace keeps its mounts busy. */
bool keeps_mounts_busy(const Namespaces& namespaces);

/** Runs `work` in the namespaces. It gets no signals, shares no working directory and no umask with node. */
template <class Work> Napi::Value run_inside(Napi::Env env, Namespaces namespaces, Work work) {
  using Answer = decltype(work());
  bool may_end_later = !keeps_mounts_busy(namespaces);
  auto within = [namespaces = std::move(namespaces), work = std::move(work)]() mutable -> Answer {
    TRY(enter(namespaces));
    return work();
  };
  std::unique_ptr<Task> task = function_task(env, std::move(within));
  if (may_end_later) task->may_end_later();
  return tasks_of(env).start(std::move(task)).promise;
}

}  // namespace tspod::addon
