// The groups of functions that the addon exports; src/native/binding.ts has their types.
#pragma once

#include <napi.h>

namespace tspod::addon {

/** openFd, closeFd, pipe, duplicate. */
void export_descriptors(Napi::Env env, Napi::Object exports);
/** directoryNames, directoryEntries, openBeneath. */
void export_entries(Napi::Env env, Napi::Object exports);
/** readFile, writeFile, readDirectory, getHostname, setHostname, reserveSpace,
 * syncFileSystem. */
void export_files(Napi::Env env, Napi::Object exports);
/** tryLock, lockWaiting, unlock. */
void export_locks(Napi::Env env, Napi::Object exports);
/** mountFileSystem, bindMount, unmount, setPropagation. */
void export_mounts(Napi::Env env, Napi::Object exports);
/** createNamespace, createUserNamespace, pinNamespace, probeNamespaces. */
void export_namespaces(Napi::Env env, Napi::Object exports);
/** netlink. */
void export_netlink(Napi::Env env, Napi::Object exports);
/** execute, executeFor, removeCgroup, removeTree, removeTreeNow. */
void export_plans(Napi::Env env, Napi::Object exports);
/** fillRandom, fingerprint, realTimeUs. */
void export_primitives(Napi::Env env, Napi::Object exports);
/** openPidfd, sendSignal, hasEnded, reap. */
void export_processes(Napi::Env env, Napi::Object exports);
/** compileSeccomp. */
void export_seccomp(Napi::Env env, Napi::Object exports);
/** connectNow, connectWaiting, peerPid, receive, send. */
void export_sockets(Napi::Env env, Napi::Object exports);
/** spawnMonitor. */
void export_spawn(Napi::Env env, Napi::Object exports);
/** makeTerminalRaw, restoreTerminal. */
void export_terminals(Napi::Env env, Napi::Object exports);
/** createFileAt, makeEntryAt, linkAt, unlinkAt, removeTreeAt, setOwnerAt, setModeAt, setTimeAt,
 * setAttributeAt. */
void export_tree(Napi::Env env, Napi::Object exports);
/** openTreeWriter, writeTree, finishTree. */
void export_tree_writing(Napi::Env env, Napi::Object exports);
/** watch, watchEvents, watchRef, unwatch. */
void export_watches(Napi::Env env, Napi::Object exports);
/** getXattr, setXattr, removeXattr, listXattrs. */
void export_xattrs(Napi::Env env, Napi::Object exports);
/** openZstd, zstdDecompress. */
void export_zstd(Napi::Env env, Napi::Object exports);

}  // namespace tspod::addon
