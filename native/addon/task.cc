#include "addon/task.h"

#include <signal.h>

#include <cerrno>
#include <cstring>

namespace tspod::addon {
namespace {

/** Enough for the deepest handler; musl's default of 128 KiB is not, glibc's of 8 MiB would add up. */
constexpr size_t kStackBytes = 512 * 1024;

/** Starts a thread that no signal is delivered to: handlers of the program's are not for our threads. */
int start_thread(pthread_t* thread, void* (*body)(void*), void* argument) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStackBytes);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int error = pthread_create(thread, &attributes, body, argument);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_attr_destroy(&attributes);
  return error;
}

}  // namespace

Tasks::Tasks(Napi::Env env) {
  napi_value name = Napi::String::New(env, "tspod");
  napi_status status =
      napi_create_threadsafe_function(env, /*func=*/nullptr, /*async_resource=*/nullptr, name,
                                      /*max_queue_size=*/0, /*initial_thread_count=*/1,
                                      /*finalize_data=*/nullptr, /*finalize_cb=*/nullptr,
                                      /*context=*/this, deliver, &queue_);
  check(status == napi_ok, "no queue for tasks");
  napi_unref_threadsafe_function(env, queue_);
  // Hooks run last in, first out: threads have ended before the queue, made above, is closed.
  napi_add_env_cleanup_hook(env, end_all, this);
}

Tasks::Started Tasks::start(std::unique_ptr<Task> task) {
  Napi::Env env = task->promise_.Env();
  Napi::Promise promise = task->promise_.Promise();
  task->owner_ = this;
  task->id_ = ++last_id_;
  int error = start_thread(&task->thread_, thread_main, task.get());
  if (error != 0) {
    task->promise_.Resolve(failure(env, Error{"pthread_create", "", error}));
    return {0, promise};
  }
  // A promise alone does not keep the event loop alive.
  if (live_.empty()) napi_ref_threadsafe_function(env, queue_);
  live_.emplace(task->id_, task.get());
  return {task.release()->id_, promise};
}

void Tasks::cancel(uint32_t id) {
  auto found = live_.find(id);
  if (found != live_.end()) found->second->cancel();
}

void* Tasks::thread_main(void* argument) {
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, nullptr);
  pthread_cleanup_push(post, argument);
  static_cast<Task*>(argument)->run();
  pthread_cleanup_pop(/*execute=*/1);
  return nullptr;
}

/** Still on the task's thread, also when it was cancelled. */
void Tasks::post(void* argument) {
  auto* task = static_cast<Task*>(argument);
  napi_call_threadsafe_function(task->owner_->queue_, task, napi_tsfn_blocking);
}

/** On JavaScript's thread. `env` is null when the environment goes down: the threads have been joined then.
 */
void Tasks::deliver(napi_env raw_env, napi_value, void* context, void* data) {
  std::unique_ptr<Task> task(static_cast<Task*>(data));
  if (raw_env == nullptr) return;
  auto* self = static_cast<Tasks*>(context);
  Napi::Env env(raw_env);
  // To wait for the end of a thread takes as long as a short system call in it. One may end meanwhile.
  self->join_ending();
  self->ending_ = task->thread_;
  if (!task->may_end_later_) self->join_ending();
  self->live_.erase(task->id_);
  if (self->live_.empty()) napi_unref_threadsafe_function(env, self->queue_);
  task->promise_.Resolve(task->outcome(env));
}

/** The environment ends: nothing of ours may run on in a library that could be unloaded. */
void Tasks::end_all(void* context) {
  auto* self = static_cast<Tasks*>(context);
  for (auto& [id, task] : self->live_) task->cancel();
  for (auto& [id, task] : self->live_) pthread_join(task->thread_, nullptr);
  self->live_.clear();
  self->join_ending();
}

void Tasks::join_ending() {
  if (ending_) pthread_join(*ending_, nullptr);
  ending_.reset();
}

Napi::Value start_cancellable(const Napi::CallbackInfo& info, std::unique_ptr<Task> task) {
  auto [id, promise] = tasks_of(info.Env()).start(std::move(task));
  Napi::Object started = Napi::Object::New(info.Env());
  started.Set("id", id);
  started.Set("done", promise);
  return started;
}

}  // namespace tspod::addon
