/**
 * The addon as it is: unchecked numbers and strings, failures as values. Only src/native calls it; the functions beside this file check
 * arguments and throw. `native/addon/exports.h` lists the same functions by file.
 */
import { TspodError } from '../errors.js';
import { addonPath } from './addon-path.js';
import type { Outcome } from './native-error.js';

/** Events of a watched descriptor (UV_READABLE, UV_WRITABLE). */
export const WATCH_READ = 1;
export const WATCH_WRITE = 2;

export interface Binding {
  // descriptors.cc
  closeFd(fd: number): Outcome<undefined>;
  pipe(): Outcome<[number, number]>;
  duplicate(fd: number): Outcome<number>;

  // watch.cc
  watch(fd: number, callback: (events: number) => void): Outcome<number>;
  watchEvents(watch: number, events: number): void;
  watchRef(watch: number, holdsLoop: boolean): void;
  unwatch(watch: number): void;

  // socket.cc
  connectNow(directory: string, name: string): Outcome<number>;
  connectWaiting(directory: string, name: string): Promise<Outcome<number>>;
  /** Count of bytes (0: end of file), or the negative errno. */
  receive(socket: number, into: Uint8Array): number;
  send(socket: number, bytes: Uint8Array): number;

  // spawn.cc
  spawnMonitor(
    path: string,
    environment: readonly string[],
    fds: readonly number[],
    keepStderr: boolean,
  ): Outcome<{ pid: number; pidfd: number; socket: number }>;

  // process.cc
  openPidfd(pid: number): Outcome<number>;
  sendSignal(pidfd: number, signal: number): Outcome<undefined>;
  hasEnded(pidfd: number): Outcome<boolean>;
  reap(pidfd: number): Outcome<{ code: number; signal: number } | null>;

  // plan.cc
  execute(plan: Uint8Array): Promise<Outcome<undefined>>;
  removeTree(path: string): Promise<Outcome<undefined>>;
  removeTreeNow(path: string): Outcome<undefined>;

  // seccomp.cc
  compileSeccomp(profile: Uint8Array): Outcome<Uint8Array>;

  // lock.cc
  tryLock(path: string): Outcome<number | null>;
  lockWaiting(path: string): { id: number; locked: Promise<Outcome<number>> };
  cancelLock(id: number): void;
  unlock(fd: number): Outcome<undefined>;
}

let loaded: Binding | undefined;

/** The addon, loaded when it is first needed. TspodError UNSUPPORTED_HOST when there is none for this machine. */
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
