// State of the addon in one JavaScript environment (the main thread's, or a worker's): none of it is global.
#pragma once

#include <napi.h>

#include <unordered_map>

#include "addon/task.h"
#include "addon/watch.h"

namespace tspod::addon {

struct Environment {
  explicit Environment(Napi::Env env) : tasks(env), watches(env) {}

  Tasks tasks;
  Watches watches;
  /** The locks that are held, by number; released with the environment at the latest. */
  std::unordered_map<int, UniqueFd> locks;
};

inline Environment& environment(const Napi::CallbackInfo& info) {
  return *info.Env().GetInstanceData<Environment>();
}

using Function = Napi::Value (*)(const Napi::CallbackInfo&);

inline void add_function(Napi::Env env, Napi::Object exports, const char* name, Function function) {
  exports.Set(name, Napi::Function::New(env, function, name));
}

}  // namespace tspod::addon
