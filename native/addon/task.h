// What may block runs on a thread of its own and answers a promise.
//
// Not on libuv's pool: its four threads are shared with node:fs and DNS, and a lock that is waited for would
// starve what its holder needs to go on. A thread of its own may also change what belongs to a thread
// (namespaces, working directory): it is thrown away then, unless the task has taken it all back.
#pragma once

#include <napi.h>
#include <atomic>
#include <deque>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "addon/task_thread.h"
#include "addon/values.h"

namespace tspod::addon {

class Tasks;

/** When a task gets a thread. */
enum class Turn {
  kQueued,   // after others, if many are at work
  kReusing,  // so, too, and on a thread that another has left as it was, if there is one
  kAtOnce,   // for what waits for others: they may be tasks that would be behind it
};

class Task {
 public:
  explicit Task(Napi::Env env);
  virtual ~Task() = default;
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;

  /** On the task's thread, which blocks all signals. No JavaScript. */
  virtual void run() = 0;
  /** On JavaScript's thread: asks `run` to end early, if it can. It may have ended already. */
  virtual void cancel() {}
  /** On JavaScript's thread: what the promise resolves with. */
  virtual Napi::Value outcome(Napi::Env env) = 0;

 protected:
  pthread_t thread() const { return thread_->handle(); }
  /** In `run`: another task may have the thread, which is as it was before and keeps nothing busy. */
  void leaves_thread_as_it_was() { leaves_thread_as_it_was_ = true; }

 private:
  friend class Tasks;
  Napi::Env env_;
  napi_deferred deferred_ = nullptr;  // none: the environment ends
  napi_value promise_ = nullptr;
  Tasks* owner_ = nullptr;
  uint32_t id_ = 0;
  Turn turn_ = Turn::kQueued;
  std::unique_ptr<TaskThread> thread_;  // none while it is queued
  bool leaves_thread_as_it_was_ = false;
  bool thread_waits_ = false;  // for the next task
};

/**
 * The running tasks of one JavaScript environment: the main thread's, or a worker's.
 *
 * Only some have threads at once: a thread that has ended keeps its stack until JavaScript's thread takes its
 * result, and a process that makes tens of thousands meanwhile has no memory areas left (vm.max_map_count).
 */
class Tasks {
 public:
  struct Started {
    uint32_t id;          // 0: no thread could be made; the promise has been resolved with the failure
    Napi::Value promise;  // empty, and nothing was started: the environment ends
  };

  explicit Tasks(Napi::Env env);
  Tasks(const Tasks&) = delete;
  Tasks& operator=(const Tasks&) = delete;

  Started start(std::unique_ptr<Task> task, Turn turn = Turn::kQueued);
  /** Asks a task to end early. One that has ended is left alone. */
  void cancel(uint32_t id);

 private:
  /** On the task's thread; returns whether it shall wait for another. */
  static bool run(Task* task);
  static void post(void* task);
  static void deliver(napi_env env, napi_value, void* tasks, void* task);
  static void end_all(void* tasks);
  static void resolve(const Task& task, Napi::Value outcome);
  bool keep_one_more();
  /** The errno if there is no thread for it. */
  int run_now(Task& task);
  void run_queued(Napi::Env env);
  void take_off(Napi::Env env, const Task& task);
  int give_to_new(Task& task);
  int give_to_waiting(Task& task);
  void take_back(Task& task);
  void end_last();

  napi_threadsafe_function queue_ = nullptr;
  std::unordered_map<uint32_t, Task*> live_;  // with those that are queued
  std::deque<std::unique_ptr<Task>> queued_;
  int running_ = 0;  // of those that may be queued
  std::vector<std::unique_ptr<TaskThread>> waiting_;
  std::atomic<int> kept_ = 0;           // waiting, or about to
  std::unique_ptr<TaskThread> ending_;  // its result has been delivered
  uint32_t last_id_ = 0;
};

/** The tasks of this environment. */
Tasks& tasks_of(Napi::Env env);

/** Starts a task that can be cancelled: returns its id, for `cancel`, and its promise. */
Napi::Value start_cancellable(const Napi::CallbackInfo& info, std::unique_ptr<Task> task,
                              Turn turn = Turn::kQueued);

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
template <class Work> Napi::Value run_async(Napi::Env env, Work work, Turn turn = Turn::kQueued) {
  return tasks_of(env).start(function_task(env, std::move(work)), turn).promise;
}

}  // namespace tspod::addon
