/**
 * Writes the event log. Each event is one append, so that lines of several processes never mix. Nothing is synced to
 * the disk.
 *
 * When the file has reached its size limit it is renamed to FILE.1, so there are never more than two files. Another
 * writer notices within moments that its open file is no longer the newest; what it wrote meanwhile is in FILE.1, which
 * readers also read.
 */
import { closeSync, fstatSync, mkdirSync, openSync, renameSync, statSync, writeSync } from 'node:fs';

import { tryLock } from '../native/file-lock.js';
import { monotonicMs, realTimeUs } from '../native/primitives.js';
import { formatRecord, type EventRecord } from './event.js';

export type EventsBackend = 'file' | 'none';

/** Paths of the event log; the directory may not exist yet. */
export interface EventPaths {
  readonly directory: string;
  readonly file: string;
}

/** Size of the file in bytes at which a new one is begun. */
const MAX_FILE_BYTES = 4 * 1024 * 1024;

/**
 * How often a writer checks whether its file is still the newest: much more often than two files can fill up, so that
 * everything it writes is read.
 */
const LOOK_EVERY_MS = 20;

export interface EventLogOptions {
  /** @default 4 MiB */
  readonly maxFileBytes?: number;
}

export function eventPaths(runRoot: string): EventPaths {
  const directory = `${runRoot}/events`;
  return { directory, file: `${directory}/events.log` };
}

/** Returns the path of the older of the two files. */
export function olderFile({ file }: EventPaths): string {
  return `${file}.1`;
}

export class EventLog {
  readonly #paths: EventPaths;
  readonly #maxFileBytes: number;
  #isClosed = false;
  #fd: number | undefined;
  #inode = 0;
  #lookedAt = 0;

  constructor(paths: EventPaths, { maxFileBytes = MAX_FILE_BYTES }: EventLogOptions = {}) {
    this.#paths = paths;
    this.#maxFileBytes = maxFileBytes;
  }

  /**
   * Writes an event. A failure (a full disk) is ignored: the event reports something that has already been done, and
   * cannot be undone.
   */
  record(event: EventRecord): void {
    if (this.#isClosed) return;
    const line = formatRecord(event);
    try {
      writeSync(this.#current(), line);
    } catch {
      this.#release();
    }
  }

  /** Closes the log. Later events are not recorded. */
  close(): void {
    this.#isClosed = true;
    this.#release();
  }

  #release(): void {
    if (this.#fd === undefined) return;
    closeSync(this.#fd);
    this.#fd = undefined;
  }

  #current(): number {
    const now = monotonicMs();
    if (this.#fd !== undefined && now - this.#lookedAt < LOOK_EVERY_MS) return this.#fd;
    this.#lookedAt = now;
    const present = statSync(this.#paths.file, { throwIfNoEntry: false });
    if (present !== undefined && present.size >= this.#maxFileBytes) {
      if (this.#rotate()) return this.#openNew();
    } else if (this.#fd !== undefined && present?.ino === this.#inode) return this.#fd;
    return this.#open();
  }

  #open(): number {
    this.#release();
    const fd = openAppending(this.#paths);
    this.#inode = fstatSync(fd).ino;
    this.#fd = fd;
    return fd;
  }

  /** Opens the new file after a rotation and records that rotation in it. */
  #openNew(): number {
    const fd = this.#open();
    writeSync(fd, formatRecord(rotation()));
    return fd;
  }

  /** Renames the file if it is too large. Returns false if another process is doing so, or has done it. */
  #rotate(): boolean {
    using held = tryLock(`${this.#paths.directory}/lock`);
    if (held === undefined) return false;
    // Another process may have rotated the file before the lock was taken.
    const size = statSync(this.#paths.file, { throwIfNoEntry: false })?.size ?? 0;
    if (size < this.#maxFileBytes) return false;
    renameSync(this.#paths.file, olderFile(this.#paths));
    return true;
  }
}

function rotation(): EventRecord {
  return { timeUs: realTimeUs(), type: 'system', status: 'log-rotation', id: '', name: '', image: '', attributes: {} };
}

function openAppending({ directory, file }: EventPaths): number {
  try {
    return openSync(file, 'a', 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    return openSync(file, 'a', 0o600);
  }
}
