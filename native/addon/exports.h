// The groups of functions that the addon exports; src/native/binding.ts has their types.
#pragma once

#include <napi.h>

namespace tspod::addon {

/** closeFd, pipe. */
void export_descriptors(Napi::Env env, Napi::Object exports);
/** tryLock, lockWait, lockCancel, unlock. */
void export_locks(Napi::Env env, Napi::Object exports);
/** openPidfd, sendSignal, hasEnded, reap. */
void export_processes(Napi::Env env, Napi::Object exports);
/** connectAt, connectAtWaiting, receive, send. */
void export_sockets(Napi::Env env, Napi::Object exports);
/** spawnMonitor. */
void export_spawn(Napi::Env env, Napi::Object exports);
/** watch, watchEvents, watchRef, unwatch. */
void export_watches(Napi::Env env, Napi::Object exports);

}  // namespace tspod::addon
