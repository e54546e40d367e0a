// Work inside other namespaces: on a task's thread, which joins them first, and then goes back or ends.
#pragma once

#include <string>
#include <vector>

#include "addon/task.h"

namespace tspod::addon {

struct NamespaceName {
  std::string path;  // an nsfs file: /proc/PID/ns/net, a pinned one
  UniqueFd held;     // instead of a path: a copy of the caller's, who may close it before the thread starts
  int flag;          // CLONE_NEW*
  UniqueFd own{};    // what the thread goes back to
};
using Namespaces = std::vector<NamespaceName>;

/** Two arguments: an array of paths or descriptors, and one of flags. */
Result<Namespaces> namespaces_at(const Napi::CallbackInfo& info, size_t index);

/** Whether a thread can go back from all of them: not from a mount or a user namespace. */
bool can_leave(const Namespaces& namespaces);

/** Joins them all; after a failure, some. */
Result<void> enter(Namespaces& namespaces);

/** For those that `can_leave` holds of, also after a failure: joins the thread's own again. */
Result<void> leave(const Namespaces& namespaces);

/** Runs `work` in the namespaces. It gets no signals; a working directory and a umask of its own where it
 * could not leave. */
template <class Work> class InsideTask final : public Task {
 public:
  using Answer = decltype(std::declval<Work&>()());

  InsideTask(Napi::Env env, Namespaces namespaces, Work work)
      : Task(env), namespaces_(std::move(namespaces)), work_(std::move(work)) {}
  void run() override {
    answer_.emplace(inside());
    if (can_leave(namespaces_) && leave(namespaces_)) leaves_thread_as_it_was();
  }
  Napi::Value outcome(Napi::Env env) override { return to_js(env, std::move(*answer_)); }

 private:
  Answer inside() {
    TRY(enter(namespaces_));
    return work_();
  }

  Namespaces namespaces_;
  Work work_;
  std::optional<Answer> answer_;
};

/** Runs `work` in the namespaces; returns the promise of its result. */
template <class Work> Napi::Value run_inside(Napi::Env env, Result<Namespaces> namespaces, Work work) {
  if (!namespaces) return failure(env, namespaces.error());
  // In none but its own it would be in those of the thread that made it, which may not be node's any more.
  const Turn turn = !namespaces->empty() && can_leave(*namespaces) ? Turn::kReusing : Turn::kQueued;
  auto task = std::make_unique<InsideTask<Work>>(env, std::move(*namespaces), std::move(work));
  return tasks_of(env).start(std::move(task), turn).promise;
}

}  // namespace tspod::addon
