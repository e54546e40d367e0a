/**
 * Writes the file of events: one append for each, so that lines of several processes never mix. Nothing is synced to the disk.
 *
 * The file is renamed to FILE.1 when it has grown to its limit, so there are never more than two. A writer notices within moments that the
 * file it has open is not the newest any more; what it wrote meanwhile is in FILE.1, which readers read as well.
 */
import { closeSync, fstatSync, mkdirSync, openSync, renameSync, statSync, writeSync } from 'node:fs';

import { tryLock } from '../native/file-lock.js';
import { monotonicMs, realTimeUs } from '../native/primitives.js';
import { formatRecord, type EventRecord } from './event.js';

export type EventsBackend = 'file' | 'none';

/** Where they are written; the directory may not exist yet. */
export interface EventPaths {
  readonly directory: string;
  readonly file: string;
}

/** Bytes after which a new file is begun. */
const MAX_FILE_BYTES = 4 * 1024 * 1024;

/** Far less than two files take to fill up: what is written into an open file is read by somebody. */
const LOOK_EVERY_MS = 20;

export interface EventLogOptions {
  /** @default 4 MiB */
  readonly maxFileBytes?: number;
}

export function eventPaths(runRoot: string): EventPaths {
  const directory = `${runRoot}/events`;
  return { directory, file: `${directory}/events.log` };
}

/** The older of the two files. */
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

  /** An event tells of what has been done already: that it cannot be written (a full disk) undoes nothing, and is no error. */
  record(event: EventRecord): void {
    if (this.#isClosed) return;
    const line = formatRecord(event);
    try {
      writeSync(this.#current(), line);
    } catch {
      this.#release();
    }
  }

  /** What is recorded later is not. */
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

  /** Who renamed the old file begins the new one with saying so. */
  #openNew(): number {
    const fd = this.#open();
    writeSync(fd, formatRecord(rotation()));
    return fd;
  }

  /** Whoever comes second while another is at it leaves it to that one. */
  #rotate(): boolean {
    using held = tryLock(`${this.#paths.directory}/lock`);
    if (held === undefined) return false;
    // Somebody may have done it between the look and the lock.
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
