// Work inside other namespaces: on a task's thread, which joins them first and ends with the work.
#pragma once

#include <string>
#include <vector>

#include "addon/task.h"

namespace tspod::addon {

struct NamespaceName {
  std::string path;  // an nsfs file: /proc/PID/ns/net, a pinned one
  UniqueFd held;     // instead of a path: a copy of the caller's, who may close it before the thread starts
  int flag;          // CLONE_NEW*
};
using Namespaces = std::vector<NamespaceName>;

/** Two arguments: an array of paths or descriptors, and one of flags. */
Result<Namespaces> namespaces_at(const Napi::CallbackInfo& info, size_t index);

/** Joins them all, or none that matters: the thread is thrown away after a failure. */
Result<void> enter(Namespaces namespaces);

/** A thread in a mount namespace keeps its mounts busy. */
bool keeps_mounts_busy(const Namespaces& namespaces);

/** Runs `work` in the namespaces. It gets no signals, shares no working directory and no umask with node. */
template <class Work> Napi::Value run_inside(Napi::Env env, Result<Namespaces> namespaces, Work work) {
  using Answer = decltype(work());
  if (!namespaces) return failure(env, namespaces.error());
  bool may_end_later = !keeps_mounts_busy(*namespaces);
  auto within = [namespaces = std::move(*namespaces), work = std::move(work)]() mutable -> Answer {
    TRY(enter(std::move(namespaces)));
    return work();
  };
  std::unique_ptr<Task> task = function_task(env, std::move(within));
  if (may_end_later) task->may_end_later();
  return tasks_of(env).start(std::move(task)).promise;
}

}  // namespace tspod::addon
