/** Follows the event log: reads what is there, then what is being written, woken by inotify on the directory. */
import { closeSync, fstatSync, mkdirSync, openSync, readSync, statSync } from 'node:fs';

import { watchFile } from '../host/file-changes.js';
import { whenAborted } from '../native/abort.js';
import type { EventRecord } from './event.js';
import { olderFile, type EventPaths } from './event-log.js';
import { markOf, parseLines } from './read.js';

const NEWLINE = 0x0a;
const CHUNK_BYTES = 64 * 1024;

/** The newest file, and the one before: writers may write to that for a moment after the rename. */
const FILES_KEPT = 2;

/**
 * Yields batches of new events in the order of the log. The first batch, which may be empty, has all events recorded
 * before the call. When the signal aborts, there is a last batch with what has been written by then. After that nothing
 * stays open, even if the batches are never consumed.
 */
export function followEvents(
  paths: EventPaths,
  signal: AbortSignal,
): AsyncGenerator<readonly EventRecord[], void, undefined> {
  mkdirSync(paths.directory, { recursive: true, mode: 0o700 });
  const tail = new EventTail(paths);
  tail.readAhead();
  const forget = whenAborted(signal, () => {
    tail.readAhead();
    tail[Symbol.dispose]();
  });
  return batchesOf(tail, { paths, signal, forget });
}

interface Followed {
  readonly paths: EventPaths;
  readonly signal: AbortSignal;
  /** Removes the listener for the abort. */
  readonly forget: () => void;
}

async function* batchesOf(
  tail: EventTail,
  { paths, signal, forget }: Followed,
): AsyncGenerator<readonly EventRecord[], void, undefined> {
  using _open = tail;
  using changes = watchFile(paths.file);
  signal.addEventListener('abort', changes.stop);
  try {
    // The log was not watched since the first read.
    if (!signal.aborted) yield tail.read();
    for (;;) {
      changes.reset();
      const isLast = signal.aborted;
      yield tail.read();
      if (isLast) return;
      // An abort before the listener was added wakes nobody.
      if (!signal.aborted) await changes.next();
    }
  } finally {
    signal.removeEventListener('abort', changes.stop);
    forget();
  }
}

/** Continues reading where it stopped, across renames of the files. */
class EventTail implements Disposable {
  readonly #paths: EventPaths;
  /** Open files, oldest first. */
  #files: readonly OpenFile[] = [];
  /** Results of readAhead(), which the next read() returns. */
  readonly #ahead: (() => readonly EventRecord[])[] = [];
  #isClosed = false;

  constructor(paths: EventPaths) {
    this.#paths = paths;
  }

  /** Reads now what the next read() returns first. An error is thrown by that read(). */
  readAhead(): void {
    try {
      const events = this.#readFiles();
      this.#ahead.push(() => events);
    } catch (error) {
      this.#ahead.push(() => {
        throw error;
      });
    }
  }

  /** Returns the events since the last call. */
  read(): readonly EventRecord[] {
    if (this.#ahead.length === 0) return this.#readFiles();
    return this.#ahead.splice(0).flatMap((events) => events());
  }

  #readFiles(): readonly EventRecord[] {
    if (this.#isClosed) return [];
    const newer = this.#unknown(this.#paths.file);
    const older = this.#files.length > 0 && newer === undefined ? undefined : this.#unknown(olderFile(this.#paths));
    const fresh = [older, newer].filter((file) => file !== undefined);
    // A rename between the two look-ups shows one file under both names.
    if (fresh[0]?.inode === fresh[1]?.inode) fresh.pop()?.close();
    this.#files = [...this.#files, ...fresh];
    const events = this.#files.flatMap((file) => parseLines(file.lines()).filter((event) => this.#isNew(event, file)));
    for (const file of this.#files.slice(0, -FILES_KEPT)) file.close();
    this.#files = this.#files.slice(-FILES_KEPT);
    return events;
  }

  /**
   * Whether the event has not been returned before, as in readEvents(): no open file has another record of it. Files
   * that are closed are forgotten.
   */
  #isNew(event: EventRecord, { marks }: OpenFile): boolean {
    const mark = markOf(event);
    if (mark === undefined) return true;
    const isNew = !this.#files.some((file) => file.marks.has(mark));
    marks.add(mark);
    return isNew;
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    for (const file of this.#files) file.close();
    this.#files = [];
  }

  /** Opens the file of this name unless it is already open. */
  #unknown(path: string): OpenFile | undefined {
    const inode = statSync(path, { throwIfNoEntry: false })?.ino;
    if (inode === undefined || this.#knows(inode)) return undefined;
    const file = OpenFile.open(path);
    if (file === undefined || !this.#knows(file.inode)) return file;
    file.close(); // the name was given to a known file since the look-up
    return undefined;
  }

  #knows(inode: number): boolean {
    return this.#files.some((file) => file.inode === inode);
  }
}

class OpenFile {
  readonly inode: number;
  /** Marks of the events read so far. */
  readonly marks = new Set<string>();
  readonly #fd: number;
  #rest: Buffer = Buffer.alloc(0);

  private constructor(fd: number) {
    this.#fd = fd;
    this.inode = fstatSync(fd).ino;
  }

  static open(path: string): OpenFile | undefined {
    try {
      return new OpenFile(openSync(path, 'r'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** Returns the complete lines that have not been read. */
  lines(): readonly string[] {
    const parts = [this.#rest];
    for (;;) {
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
      const count = readSync(this.#fd, chunk, 0, CHUNK_BYTES, null);
      if (count === 0) break;
      parts.push(chunk.subarray(0, count));
    }
    const bytes = Buffer.concat(parts);
    const end = bytes.lastIndexOf(NEWLINE) + 1;
    this.#rest = bytes.subarray(end);
    return end === 0 ? [] : bytes.toString('utf8', 0, end - 1).split('\n');
  }

  close(): void {
    closeSync(this.#fd);
  }
}
