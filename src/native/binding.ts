/**
 * The functions of the addon as they are: unchecked numbers and strings, failures as values. Only src/native calls
 * them; the functions in the other files check arguments and throw. `native/addon/exports.h` lists the same functions
 * by file.
 */
import { TspodError } from '../errors.js';
import { addonPath } from './addon-path.js';
import type { Failure, Outcome } from './native-error.js';

/** Events of a watched descriptor (UV_READABLE, UV_WRITABLE). */
export const WATCH_READ = 1;
export const WATCH_WRITE = 2;

/**
 * Namespaces to work in: paths of their files, or descriptors, which are copied during the call; and a CLONE_NEW* flag
 * for each. Empty: this process's namespaces.
 */
export type Inside = [sources: readonly (string | number)[], flags: readonly number[]];

/**
 * The result of work in namespaces. A failure to copy a descriptor is the only one that is returned outside a promise.
 */
type InsideAnswer<T> = Promise<Outcome<T>> | Failure;

/** Work on a thread of its own; `cancel(id)` makes it end early, with ECANCELED. */
export interface CancellableTask<T> {
  readonly id: number;
  readonly done: Promise<Outcome<T>>;
}

/** Owner of what is made; none: this process. */
export type OwnerArguments = readonly [uid: number, gid: number] | readonly [];

/** Handle of a tree that is being written. */
export interface TreeWriterHandle {
  readonly kind: 'tree writer';
}

/** Handle of a stream that is being decompressed. */
export interface ZstdHandle {
  readonly kind: 'zstd';
}

export interface Binding {
  // addon.cc
  cancel(task: number): void;

  // descriptors.cc
  /**
   * Opens a descriptor for closeFd(). Not through node:fs, which closes its descriptors when its worker ends, whoever
   * has the number by then.
   */
  openFd(path: string, flags: number): Outcome<number>;
  closeFd(fd: number): Outcome<undefined>;
  pipe(): Outcome<[number, number]>;
  duplicate(fd: number): Outcome<number>;

  // watch.cc
  /**
   * Watches a descriptor. `isChild`: it is a pidfd of a child of this process, which is reaped even if this JavaScript
   * environment ends.
   */
  watch(fd: number, callback: (events: number) => void, isChild: boolean): Outcome<number>;
  watchEvents(watch: number, events: number): void;
  watchRef(watch: number, holdsLoop: boolean): void;
  unwatch(watch: number): void;

  // socket.cc
  connectNow(directory: string, name: string): Outcome<number>;
  connectWaiting(directory: string, name: string): Promise<Outcome<number>>;
  peerPid(socket: number): Outcome<number>;
  /** Returns the number of bytes (0: end of file), or the negative errno. */
  receive(socket: number, into: Uint8Array): number;
  send(socket: number, bytes: Uint8Array): number;

  // spawn.cc
  spawnMonitor(
    path: string,
    environment: readonly string[],
    fds: readonly number[],
    keepStderr: boolean,
  ): Outcome<{ pid: number; pidfd: number; socket: number }>;

  // primitives.cc
  /** Fills the array, of at most 256 bytes, with random bytes. */
  fillRandom(into: Uint8Array): Outcome<undefined>;
  fingerprint(bytes: Uint8Array): bigint;
  realTimeUs(): number;

  // process.cc
  openPidfd(pid: number): Outcome<number>;
  sendSignal(pidfd: number, signal: number): Outcome<undefined>;
  hasEnded(pidfd: number): Outcome<boolean>;
  reap(pidfd: number): Outcome<{ code: number; signal: number } | null>;

  // terminal.cc
  /** Returns the settings that the terminal had, for restoreTerminal, which aborts the process over anything else. */
  makeTerminalRaw(fd: number): Outcome<Buffer>;
  restoreTerminal(fd: number, settings: Uint8Array): Outcome<undefined>;

  // namespace.cc
  namespaceKind(fd: number): Outcome<number>;
  createNamespace(flag: number, name: string, timeOffsets: string): Promise<Outcome<number>>;
  createUserNamespace(uidMap: string, gidMap: string, denySetgroups: boolean): Promise<Outcome<number>>;
  readIdMaps(fd: number): Promise<Outcome<readonly string[]>> | Failure;
  probeNamespaces(flags: number): Promise<Outcome<undefined>>;
  pinNamespace(fd: number, path: string): Promise<Outcome<undefined>> | Failure;

  // mount.cc, file.cc, netlink.cc: in namespaces
  mountFileSystem(
    ...rest: [...Inside, type: string, options: readonly string[], attributes: number, target: string]
  ): InsideAnswer<undefined>;
  bindMount(
    ...rest: [
      ...Inside,
      source: string,
      target: string,
      recursive: boolean,
      attributes: number,
      propagation: number,
      idMapFd: number,
    ]
  ): InsideAnswer<undefined>;
  unmount(...rest: [...Inside, path: string, flags: number]): InsideAnswer<undefined>;
  setPropagation(...rest: [...Inside, path: string, propagation: number, recursive: boolean]): InsideAnswer<undefined>;
  readFile(...rest: [...Inside, path: string, maxBytes: number]): InsideAnswer<Buffer>;
  writeFile(...rest: [...Inside, path: string, value: string]): InsideAnswer<undefined>;
  readDirectory(...rest: [...Inside, path: string]): InsideAnswer<string[]>;
  getHostname(...rest: Inside): InsideAnswer<string>;
  setHostname(...rest: [...Inside, name: string]): InsideAnswer<undefined>;
  netlink(...rest: [...Inside, request: Uint8Array, protocol: number]): InsideAnswer<Buffer>;
  reserveSpace(path: string, bytes: number): Outcome<undefined>;
  syncFileSystem(path: string): Promise<Outcome<undefined>>;

  // xattr.cc
  getXattr(path: string, name: string): Promise<Outcome<Buffer>>;
  setXattr(path: string, name: string, value: Uint8Array, flags: number): Promise<Outcome<undefined>>;
  removeXattr(path: string, name: string): Promise<Outcome<undefined>>;
  listXattrs(path: string): Promise<Outcome<Buffer>>;

  // entries.cc: names and paths are bytes
  directoryNames(directory: number): Promise<Outcome<Buffer>> | Failure;
  directoryEntries(directory: number, names: Uint8Array): Promise<Outcome<Buffer>> | Failure;
  openBeneath(root: number, path: Uint8Array, flags: number, followLinks: boolean): Outcome<number>;

  // tree.cc: likewise, of one name in a directory; setOwnerAt() and the following also take an empty name, which stands
  // for what the descriptor itself holds
  createFileAt(...rest: [directory: number, name: Uint8Array, ...owner: OwnerArguments]): Outcome<number>;
  makeEntryAt(
    ...rest: [
      directory: number,
      name: Uint8Array,
      mode: number,
      major: number,
      minor: number,
      linkTarget: Uint8Array,
      ...owner: OwnerArguments,
    ]
  ): Outcome<undefined>;
  linkAt(
    ...rest: [
      directory: number,
      name: Uint8Array,
      newDirectory: number,
      newName: Uint8Array,
      flags: number,
      ...owner: OwnerArguments,
    ]
  ): Outcome<undefined>;
  unlinkAt(directory: number, name: Uint8Array): Outcome<undefined>;
  removeTreeAt(directory: number, name: Uint8Array): Promise<Outcome<undefined>> | Failure;
  setOwnerAt(directory: number, name: Uint8Array, uid: number, gid: number): Outcome<undefined>;
  setModeAt(directory: number, name: Uint8Array, mode: number): Outcome<undefined>;
  setTimeAt(directory: number, name: Uint8Array, seconds: number, nanoseconds: number): Outcome<undefined>;
  setAttributeAt(directory: number, name: Uint8Array, attribute: Uint8Array, value: Uint8Array): Outcome<undefined>;

  // tree_writing.cc
  openTreeWriter(root: number, directories: number, pathBytes: number): Outcome<TreeWriterHandle>;
  /** Writes a batch. One call at a time for each writer. */
  writeTree(
    writer: TreeWriterHandle,
    instructions: Uint8Array,
    data: readonly ArrayBufferLike[],
  ): Promise<Outcome<undefined>>;
  finishTree(writer: TreeWriterHandle): Promise<Outcome<Buffer>>;

  // zstd.cc
  openZstd(): Outcome<ZstdHandle>;
  /** Decompresses a piece. One call at a time for each stream. */
  zstdDecompress(
    stream: ZstdHandle,
    input: Uint8Array,
    output: Uint8Array,
  ): Promise<Outcome<[used: number, made: number, isComplete: boolean]>>;

  // plan.cc
  execute(plan: Uint8Array): Promise<Outcome<undefined>>;
  executeFor(plan: Uint8Array, slot: number): Promise<Outcome<number>>;
  removeCgroup(path: string): Promise<Outcome<undefined>>;
  removeTree(path: string): CancellableTask<undefined>;
  removeTreeNow(path: string): Outcome<undefined>;

  // seccomp.cc
  compileSeccomp(profile: Uint8Array): Outcome<Uint8Array>;

  // lock.cc
  tryLock(path: string): Outcome<number | null>;
  lockWaiting(path: string): CancellableTask<number>;
  unlock(fd: number): Outcome<undefined>;
}

let loaded: Binding | undefined;

/**
 * Returns the addon, which is loaded when it is first needed. Throws TspodError UNSUPPORTED_HOST if there is none for
 * this machine.
 */
export function binding(): Binding {
  loaded ??= load();
  return loaded;
}

function load(): Binding {
  try {
    const holder = { exports: {} };
    process.dlopen(holder, addonPath());
    return holder.exports as Binding;
  } catch (cause) {
    throw new TspodError(
      'UNSUPPORTED_HOST',
      `tspod's native part cannot be loaded (linux ${process.arch}): run "npm rebuild tspod", which needs a C++ compiler, make and python3`,
      { cause },
    );
  }
}
