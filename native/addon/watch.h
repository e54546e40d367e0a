// Watches descriptors in the event loop: sockets to monitors, and processes (pidfds).
#pragma once

#include <napi.h>
#include <uv.h>

#include <memory>
#include <unordered_map>

#include "addon/values.h"

namespace tspod::addon {

class Watches {
 public:
  explicit Watches(Napi::Env env);
  Watches(const Watches&) = delete;
  Watches& operator=(const Watches&) = delete;

  /**
   * Adds a descriptor, at first with no events. `callback` gets the UV_READABLE and UV_WRITABLE bits. The
   * descriptor stays with its owner, who removes the watch before closing it; it is closed here only when the
   * environment ends and no owner is left.
   */
  Result<int32_t> add(int fd, Napi::Function callback, bool is_child);
  void set_events(int32_t id, int events);
  void set_ref(int32_t id, bool holds_loop);
  void remove(int32_t id);

 private:
  struct Watch {
    uv_poll_t poll;  // its data points to the Watch
    int fd;
    bool is_child;  // a pidfd of our child, which the owner reaps
    Watches* owner;
    Napi::FunctionReference callback;
    int events;
  };

  static void on_ready(uv_poll_t* poll, int status, int events);
  static void on_closed(uv_handle_t* handle);
  static void close_all(napi_async_cleanup_hook_handle hook, void* watches);
  Watch& at(int32_t id);
  void end_if_done();

  napi_env env_;
  uv_loop_t* loop_ = nullptr;
  std::unordered_map<int32_t, Watch*> live_;
  int32_t last_id_ = 0;
  size_t closing_ = 0;  // number removed whose memory libuv still uses
  napi_async_cleanup_hook_handle hook_ = nullptr;
  bool env_ends_ = false;
};

}  // namespace tspod::addon
