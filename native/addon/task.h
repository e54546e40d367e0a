// What may block runs on a thread of its own and answers a promise.
//
// Not on libuv's pool: its four threads are shared with node:fs and DNS, and a lock that is waited for would
// starve what its holder needs to go on. A thread of its own may also change what belongs to a thread
// (namespaces, working directory) and is then thrown away.
#pragma once

#include <napi.h>
#include <pthread.h>

#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>

#include "addon/values.h"

namespace tspod::addon {

class Tasks;

class Task {
 public:
  explicit Task(Napi::Env env) : promise_(Napi::Promise::Deferred::New(env)) {}
  virtual ~Task() = default;
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;

  /** On the task's thread, which blocks all signals. No JavaScript. */
  virtual void run() = 0;
  /** On JavaScript's thread: asks `run` to end early, if it can. It may have ended already. */
  virtual void cancel() {}
  /** On JavaScript's thread: what the promise resolves with. */
  virtual Napi::Value outcome(Napi::Env env) = 0;
  /** Lets the promise resolve while the thread still ends: for one that keeps nothing busy by being there. */
  void may_end_later() { may_end_later_ = true; }

 protected:
  pthread_t thread() const { return thread_; }

 private:
  friend class Tasks;
  Napi::Promise::Deferred promise_;
  Tasks* owner_ = nullptr;
  uint32_t id_ = 0;
  bool may_end_later_ = false;
  pthread_t thread_{};
};

/** The running tasks of one JavaScript environment: the main thread's, or a worker's. */
class Tasks {
 public:
  struct Started {
    uint32_t id;  // 0: no thread could be made; the promise has been resolved with the failure
    Napi::Promise promise;
  };

  explicit Tasks(Napi::Env env);
  Tasks(const Tasks&) = delete;
  Tasks& operator=(const Tasks&) = delete;

  Started start(std::unique_ptr<Task> task);
  /** Asks a task to end early. One that has ended is left alone. */
  void cancel(uint32_t id);

 private:
  static void* thread_main(void* task);
  static void post(void* task);
  static void deliver(napi_env env, napi_value, void* tasks, void* task);
  static void end_all(void* tasks);
  void join_ending();

  napi_threadsafe_function queue_ = nullptr;
  std::unordered_map<uint32_t, Task*> live_;
  std::optional<pthread_t> ending_;  // its result has been delivered
  uint32_t last_id_ = 0;
};

/** The tasks of this environment. */
Tasks& tasks_of(Napi::Env env);

/** Starts a task that can be cancelled: returns its id, for `cancel`, and its promise. */
Napi::Value start_cancellable(const Napi::CallbackInfo& info, std::unique_ptr<Task> task);

/** A task that is a function `() -> Result<T>`. */
template <class Work> class FunctionTask final : public Task {
 public:
  FunctionTask(Napi::Env env, Work work) : Task(env), work_(std::move(work)) {}
  void run() override { result_.emplace(work_()); }
  Napi::Value outcome(Napi::Env env) override { return to_js(env, std::move(*result_)); }

 private:
  Work work_;
  std::optional<decltype(std::declval<Work&>()())> result_;
};

template <class Work> std::unique_ptr<Task> function_task(Napi::Env env, Work work) {
  return std::make_unique<FunctionTask<Work>>(env, std::move(work));
}

/** Runs `work` on a thread of its own; returns the promise of its result. */
template <class Work> Napi::Value run_async(Napi::Env env, Work work) {
  return tasks_of(env).start(function_task(env, std::move(work))).promise;
}

}  // namespace tspod::addon
