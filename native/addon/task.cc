#include "addon/task.h"

#include <utility>

namespace tspod::addon {
namespace {

/** Maximum number of idle threads that are kept; further ones end after their task. */
constexpr int kMaxWaiting = 8;

/**
 * Maximum number of tasks that run at once; further ones are queued. Most of them wait for a disk or the
 * kernel, so there may be more than processors.
 */
constexpr int kMaxRunning = 128;

}  // namespace

// Uses Node-API itself: while the environment ends no promise can be made, and the C++ wrapper would then
// have two uninitialised pointers.
Task::Task(Napi::Env env) : env_(env) {
  (void)napi_create_promise(env, &deferred_, &promise_);
}

Tasks::Tasks(Napi::Env env) {
  napi_value name = Napi::String::New(env, "tspod");
  napi_status status =
      napi_create_threadsafe_function(env, /*func=*/nullptr, /*async_resource=*/nullptr, name,
                                      /*max_queue_size=*/0, /*initial_thread_count=*/1,
                                      /*finalize_data=*/nullptr, /*finalize_cb=*/nullptr,
                                      /*context=*/this, deliver, &queue_);
  check(status == napi_ok, "no queue for tasks");
  napi_unref_threadsafe_function(env, queue_);
  // Hooks run last in, first out: the threads have ended before the queue, made above, is closed.
  napi_add_env_cleanup_hook(env, end_all, this);
}

Tasks::Started Tasks::start(std::unique_ptr<Task> task, Turn turn) {
  Napi::Env env = task->env_;
  const Napi::Value promise(env, task->promise_);
  if (task->deferred_ == nullptr) return {0, promise};
  task->owner_ = this;
  task->id_ = ++last_id_;
  task->turn_ = turn;
  const uint32_t id = task->id_;
  const bool is_queued = turn != Turn::kAtOnce && running_ >= kMaxRunning;
  if (int error = is_queued ? 0 : run_now(*task); error != 0) {
    resolve(*task, failure(env, Error{"pthread_create", "", error}));
    return {0, promise};
  }
  // A promise alone does not keep the event loop alive.
  if (live_.empty()) napi_ref_threadsafe_function(env, queue_);
  live_.emplace(id, task.get());
  if (is_queued) {
    queued_.push_back(std::move(task));
  } else {
    (void)task.release();  // owned by its thread, which posts it
  }
  return {id, promise};
}

int Tasks::run_now(Task& task) {
  const bool reuses = task.turn_ == Turn::kReusing && !waiting_.empty();
  const int error = reuses ? give_to_waiting(task) : give_to_new(task);
  if (error == 0 && task.turn_ != Turn::kAtOnce) running_++;
  return error;
}

/** Runs queued tasks after one has ended. On JavaScript's thread. */
void Tasks::run_queued(Napi::Env env) {
  while (!queued_.empty() && running_ < kMaxRunning) {
    std::unique_ptr<Task> task = std::move(queued_.front());
    queued_.pop_front();
    if (int error = run_now(*task); error != 0) {
      take_off(env, *task);
      resolve(*task, failure(env, Error{"pthread_create", "", error}));
      continue;
    }
    (void)task.release();  // as in start
  }
}

void Tasks::take_off(Napi::Env env, const Task& task) {
  live_.erase(task.id_);
  if (live_.empty()) napi_unref_threadsafe_function(env, queue_);
}

/** Resolves a task's promise. Fails while the environment ends, when nobody waits for it. */
void Tasks::resolve(const Task& task, Napi::Value outcome) {
  (void)napi_resolve_deferred(task.env_, task.deferred_, outcome);
}

int Tasks::give_to_new(Task& task) {
  task.thread_ = std::make_unique<TaskThread>(run, &task);
  return task.thread_->start();
}

int Tasks::give_to_waiting(Task& task) {
  task.thread_ = std::move(waiting_.back());
  waiting_.pop_back();
  kept_--;
  task.thread_->give(&task);
  return 0;
}

void Tasks::cancel(uint32_t id) {
  auto found = live_.find(id);
  if (found != live_.end()) found->second->cancel();
}

bool Tasks::run(Task* task) {
  bool waits = false;
  pthread_cleanup_push(post, task);
  task->run();
  waits = task->thread_waits_ = task->leaves_thread_as_it_was_ && task->owner_->keep_one_more();
  pthread_cleanup_pop(/*execute=*/1);
  return waits;
}

bool Tasks::keep_one_more() {
  if (kept_.fetch_add(1) < kMaxWaiting) return true;
  kept_--;
  return false;
}

/** Hands a finished task to JavaScript's thread. Runs on the task's thread, even if that was cancelled. */
void Tasks::post(void* argument) {
  auto* task = static_cast<Task*>(argument);
  napi_call_threadsafe_function(task->owner_->queue_, task, napi_tsfn_blocking);
}

/**
 * Delivers the result of a task, on JavaScript's thread. `raw_env` is null when the environment goes down:
 * the threads have been joined by then.
 */
void Tasks::deliver(napi_env raw_env, napi_value, void* context, void* data) {
  std::unique_ptr<Task> task(static_cast<Task*>(data));
  if (raw_env == nullptr) return;
  auto* self = static_cast<Tasks*>(context);
  Napi::Env env(raw_env);
  self->take_back(*task);
  if (task->turn_ != Turn::kAtOnce) self->running_--;
  self->run_queued(env);
  self->take_off(env, *task);
  resolve(*task, task->outcome(env));
}

/** Keeps the thread of a finished task for another one, or ends it. */
void Tasks::take_back(Task& task) {
  if (task.thread_waits_) {
    waiting_.push_back(std::move(task.thread_));
    return;
  }
  // Joining a thread takes as long as a short system call in it: one thread may end in the meantime.
  end_last();
  ending_ = std::move(task.thread_);
  if (!task.leaves_thread_as_it_was_) end_last();
}

/**
 * Cancels all tasks and ends all threads, when the environment ends: no code of ours may run on in a library
 * that could be unloaded.
 */
void Tasks::end_all(void* context) {
  auto* self = static_cast<Tasks*>(context);
  for (const std::unique_ptr<Task>& task : self->queued_) self->live_.erase(task->id_);
  self->queued_.clear();
  for (auto& [id, task] : self->live_) task->cancel();
  for (auto& [id, task] : self->live_) task->thread_->end();
  for (auto& thread : self->waiting_) thread->end();
  self->live_.clear();
  self->waiting_.clear();
  self->end_last();
}

void Tasks::end_last() {
  if (ending_) ending_->end();
  ending_.reset();
}

Napi::Value start_cancellable(const Napi::CallbackInfo& info, std::unique_ptr<Task> task, Turn turn) {
  auto [id, promise] = tasks_of(info.Env()).start(std::move(task), turn);
  Napi::Object started = Napi::Object::New(info.Env());
  started.Set("id", id);
  started.Set("done", promise);
  return started;
}

}  // namespace tspod::addon
