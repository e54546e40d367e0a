// Runs work inside other namespaces: on a task's thread, which joins them first and afterwards returns to its
// own or ends.
#pragma once

#include <string>
#include <vector>

#include "addon/task.h"

namespace tspod::addon {

struct NamespaceName {
  std::string path;  // an nsfs file: /proc/PID/ns/net, or a pinned namespace
  UniqueFd held;     // instead of a path: a duplicate; the caller may close its own
  int flag;          // CLONE_NEW*
  UniqueFd own{};    // the thread's own namespace, to return to
};
using Namespaces = std::vector<NamespaceName>;

/** Reads two arguments: an array of paths or descriptors, and one of flags. */
Result<Namespaces> namespaces_at(const Napi::CallbackInfo& info, size_t index);

/** Whether a thread can return from all of them: it cannot from a mount or user namespace. */
bool can_leave(const Namespaces& namespaces);

/** Joins all of the namespaces; after a failure only some may be joined. */
Result<void> enter(Namespaces& namespaces);

/**
 * Joins the thread's own namespaces again, also after enter() has failed. Only for namespaces for which
 * can_leave() is true.
 */
Result<void> leave(const Namespaces& namespaces);

/**
 * Runs `work` in the namespaces. Its thread gets no signals; if it cannot return, it has a working directory
 * and a umask of its own.
 */
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
  // Without namespaces to join, the work would run in those of the thread that created the reused thread,
  // which may not be those of Node.js any more.
  const Turn turn = !namespaces->empty() && can_leave(*namespaces) ? Turn::kReusing : Turn::kQueued;
  auto task = std::make_unique<InsideTask<Work>>(env, std::move(*namespaces), std::move(work));
  return tasks_of(env).start(std::move(task), turn).promise;
}

}  // namespace tspod::addon
