// The Node-API boundary: each file exports one group of functions, whose comments list their JavaScript
// arguments. Policy, argument checks and the throwing of errors are in src/native.
#include <napi.h>

#include "addon/environment.h"
#include "addon/exports.h"

namespace tspod::addon {

Tasks& tasks_of(Napi::Env env) {
  return env.GetInstanceData<Environment>()->tasks;
}

namespace {

/** (id) */
Napi::Value cancel(const Napi::CallbackInfo& info) {
  environment(info).tasks.cancel(uint_at(info, 0));
  return info.Env().Undefined();
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  env.SetInstanceData(new Environment(env));
  export_descriptors(env, exports);
  export_entries(env, exports);
  export_files(env, exports);
  export_locks(env, exports);
  export_mounts(env, exports);
  export_namespaces(env, exports);
  export_netlink(env, exports);
  export_plans(env, exports);
  export_primitives(env, exports);
  export_processes(env, exports);
  export_seccomp(env, exports);
  export_sockets(env, exports);
  export_spawn(env, exports);
  export_terminals(env, exports);
  export_tree(env, exports);
  export_tree_writing(env, exports);
  export_watches(env, exports);
  export_xattrs(env, exports);
  export_zstd(env, exports);
  add_function(env, exports, "cancel", cancel);
  return exports;
}

}  // namespace
}  // namespace tspod::addon

using tspod::addon::Init;
NODE_API_MODULE(tspod, Init)
