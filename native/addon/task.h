// Runs work that may block on a thread of its own, and resolves a promise with its result.
//
// Not on libuv's pool: its four threads are shared with node:fs and DNS, and waiting for a lock there could
// starve what the lock's holder needs to go on. A thread of its own may also change what belongs to a thread
// (namespaces, working directory): it is then ended, unless the task has undone the change.
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
  kQueued,   // after others, if many are running
  kReusing,  // also queued; reuses an idle thread whose last task left it unchanged
  kAtOnce,   // for tasks that wait for others, which might be queued behind them
};

class Task {
 public:
  explicit Task(Napi::Env env);
  virtual ~Task() = default;
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;

  /** Does the work, on the task's thread, which blocks all signals. No JavaScript. */
  virtual void run() = 0;
  /** Asks `run` to end early, if it can, on JavaScript's thread. It may have ended already. */
  virtual void cancel() {}
  /** Returns the value that the promise resolves with, on JavaScript's thread. */
  virtual Napi::Value outcome(Napi::Env env) = 0;

 protected:
  pthread_t thread() const { return thread_->handle(); }
  /** Declares, in `run`, that another task may reuse the thread: it is as it was before and is not busy. */
  void leaves_thread_as_it_was() { leaves_thread_as_it_was_ = true; }

 private:
  friend class Tasks;
  Napi::Env env_;
  napi_deferred deferred_ = nullptr;  // null: the environment ends
  napi_value promise_ = nullptr;
  Tasks* owner_ = nullptr;
  uint32_t id_ = 0;
  Turn turn_ = Turn::kQueued;
  std::unique_ptr<TaskThread> thread_;  // null while the task is queued
  bool leaves_thread_as_it_was_ = false;
  bool thread_waits_ = false;  // kept for another task
};

/**
 * The tasks of one JavaScript environment: the main thread's, or a worker's.
 *
 * The number of threads is limited: a thread that has ended keeps its stack until JavaScript's thread takes
 * its result, and a process that makes tens of thousands meanwhile runs out of memory areas
 * (vm.max_map_count).
 */
class Tasks {
 public:
  struct Started {
    uint32_t id;          // 0: no thread could be made; the promise is resolved with the failure
    Napi::Value promise;  // empty if nothing was started, since the environment ends
  };

  explicit Tasks(Napi::Env env);
  Tasks(const Tasks&) = delete;
  Tasks& operator=(const Tasks&) = delete;

  Started start(std::unique_ptr<Task> task, Turn turn = Turn::kQueued);
  /** Asks a task to end early. Does nothing if it has ended. */
  void cancel(uint32_t id);

 private:
  /** Runs a task on its thread; returns whether the thread is kept for another. */
  static bool run(Task* task);
  static void post(void* task);
  static void deliver(napi_env env, napi_value, void* tasks, void* task);
  static void end_all(void* tasks);
  static void resolve(const Task& task, Napi::Value outcome);
  bool keep_one_more();
  /** Gives the task a thread; returns an errno if there is none. */
  int run_now(Task& task);
  void run_queued(Napi::Env env);
  void take_off(Napi::Env env, const Task& task);
  int give_to_new(Task& task);
  int give_to_waiting(Task& task);
  void take_back(Task& task);
  void end_last();

  napi_threadsafe_function queue_ = nullptr;
  std::unordered_map<uint32_t, Task*> live_;  // includes queued ones
  std::deque<std::unique_ptr<Task>> queued_;
  int running_ = 0;  // tasks with a thread, except kAtOnce
  std::vector<std::unique_ptr<TaskThread>> waiting_;
  std::atomic<int> kept_ = 0;           // number of idle threads, and those about to be
  std::unique_ptr<TaskThread> ending_;  // finished, but not joined yet
  uint32_t last_id_ = 0;
};

/** Returns the tasks of this environment. */
Tasks& tasks_of(Napi::Env env);

/** Starts a task that can be cancelled; returns its id, for `cancel`, and its promise. */
Napi::Value start_cancellable(const Napi::CallbackInfo& info, std::unique_ptr<Task> task,
                              Turn turn = Turn::kQueued);

/** A task that runs a function `() -> Result<T>`. */
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
