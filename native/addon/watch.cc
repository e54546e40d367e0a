#include "addon/watch.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "addon/environment.h"
#include "addon/exports.h"
#include "core/sys_process.h"

namespace tspod::addon {
namespace {

constexpr size_t kReaperStackBytes = 64 * 1024;

/**
 * Whether this is the main thread: when its environment ends, so does the process, and init takes its
 * children over.
 */
bool is_main_thread() {
  return ::gettid() == ::getpid();
}

void* wait_and_reap(void* argument) {
  UniqueFd child(static_cast<int>(reinterpret_cast<intptr_t>(argument)));
  // libuv has made the pidfd non-blocking.
  (void)::fcntl(child.get(), F_SETFL, 0);
  (void)sys::wait_for(child.get());
  return nullptr;
}

/**
 * Waits for a child whose worker has ended, on a detached thread: nobody watches it any more, and it would
 * stay a zombie until the process ends.
 */
void reap_on_thread(UniqueFd child) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, kReaperStackBytes);
  pthread_t thread;
  auto* argument = reinterpret_cast<void*>(static_cast<intptr_t>(child.get()));
  if (::pthread_create(&thread, &attributes, wait_and_reap, argument) == 0)
    (void)child.release();  // owned by the thread
  pthread_attr_destroy(&attributes);
}

}  // namespace

Watches::Watches(Napi::Env env) : env_(env) {
  check(napi_get_uv_event_loop(env, &loop_) == napi_ok, "no event loop");
  napi_add_async_cleanup_hook(env, close_all, this, &hook_);
}

Result<int32_t> Watches::add(int fd, Napi::Function callback, bool is_child) {
  auto watch = std::make_unique<Watch>();
  if (int error = uv_poll_init(loop_, &watch->poll, fd); error != 0) return Error{"watch", "", -error};
  watch->owner = this;
  watch->fd = fd;
  watch->is_child = is_child;
  watch->callback = Napi::Persistent(callback);
  watch->events = 0;
  watch->poll.data = watch.get();
  live_.emplace(++last_id_, watch.release());
  return last_id_;
}

Watches::Watch& Watches::at(int32_t id) {
  auto found = live_.find(id);
  check(found != live_.end(), "no such watch");
  return *found->second;
}

void Watches::set_events(int32_t id, int events) {
  Watch& watch = at(id);
  if (watch.events == events) return;
  watch.events = events;
  // An end of file or an error wakes the watch like UV_READABLE, whatever was asked for: so no events means
  // stopped.
  if (events == 0) {
    uv_poll_stop(&watch.poll);
  } else {
    uv_poll_start(&watch.poll, events, on_ready);
  }
}

void Watches::set_ref(int32_t id, bool holds_loop) {
  auto* handle = reinterpret_cast<uv_handle_t*>(&at(id).poll);
  holds_loop ? uv_ref(handle) : uv_unref(handle);
}

void Watches::remove(int32_t id) {
  Watch& watch = at(id);
  live_.erase(id);
  closing_++;
  watch.callback.Reset();
  uv_close(reinterpret_cast<uv_handle_t*>(&watch.poll), on_closed);
}

void Watches::on_ready(uv_poll_t* poll, int status, int events) {
  auto* watch = static_cast<Watch*>(poll->data);
  Napi::Env env(watch->owner->env_);
  Napi::HandleScope scope(env);
  // An error of the descriptor shows when it is used. libuv has stopped watching it, but reading what was
  // received before the error, and the end of file, may take several turns.
  if (status < 0) uv_poll_start(poll, watch->events, on_ready);
  napi_value ready = Napi::Number::New(env, status < 0 ? watch->events : events);
  napi_value exception;
  // Uses Node-API itself: its C++ wrapper aborts when the environment ends and no JavaScript can run any
  // more.
  switch (napi_make_callback(env, /*async_context=*/nullptr, env.Global(), watch->callback.Value(), 1, &ready,
                             nullptr)) {
    case napi_ok: break;
    case napi_pending_exception:
      if (napi_get_and_clear_last_exception(env, &exception) == napi_ok) napi_fatal_exception(env, exception);
      break;
    default: uv_poll_stop(poll); break;
  }
}

void Watches::on_closed(uv_handle_t* handle) {
  auto* watch = static_cast<Watch*>(handle->data);
  Watches* owner = watch->owner;
  delete watch;
  owner->closing_--;
  owner->end_if_done();
}

void Watches::close_all(napi_async_cleanup_hook_handle, void* context) {
  auto* self = static_cast<Watches*>(context);
  self->env_ends_ = true;
  while (!self->live_.empty()) {
    auto [id, watch] = *self->live_.begin();
    UniqueFd fd(watch->fd);
    bool is_child = watch->is_child;
    self->remove(id);
    if (is_child && !is_main_thread()) reap_on_thread(std::move(fd));
  }
  self->end_if_done();
}

/** Tells Node.js that the environment may go, once libuv has released every handle. */
void Watches::end_if_done() {
  if (env_ends_ && closing_ == 0) napi_remove_async_cleanup_hook(hook_);
}

void export_watches(Napi::Env env, Napi::Object exports) {
  add_function(env, exports, "watch", [](const Napi::CallbackInfo& info) -> Napi::Value {
    check(info[1].IsFunction(), "a function was expected");
    return answer(
        info, environment(info).watches.add(int_at(info, 0), info[1].As<Napi::Function>(), bool_at(info, 2)));
  });
  add_function(env, exports, "watchEvents", [](const Napi::CallbackInfo& info) -> Napi::Value {
    environment(info).watches.set_events(int_at(info, 0), int_at(info, 1));
    return info.Env().Undefined();
  });
  add_function(env, exports, "watchRef", [](const Napi::CallbackInfo& info) -> Napi::Value {
    environment(info).watches.set_ref(int_at(info, 0), bool_at(info, 1));
    return info.Env().Undefined();
  });
  add_function(env, exports, "unwatch", [](const Napi::CallbackInfo& info) -> Napi::Value {
    environment(info).watches.remove(int_at(info, 0));
    return info.Env().Undefined();
  });
}

}  // namespace tspod::addon
