/** Follows the file of events: what has been written, and then what is being written. Told by inotify on its directory. */
import { closeSync, fstatSync, mkdirSync, openSync, readSync, statSync } from 'node:fs';

import { watchFile } from '../host/file-changes.js';
import { whenAborted } from '../native/abort.js';
import type { EventRecord } from './event.js';
import { olderFile, type EventPaths } from './event-log.js';
import { markOf, parseLines } from './read.js';

const NEWLINE = 0x0a;
const CHUNK_BYTES = 64 * 1024;

/** The newest file and the one before, into which writers may write for a moment after the rename. */
const FILES_KEPT = 2;

/**
 * Batches of new events in the order of the file; the first is all that was there at the call, and may be empty. Ends when the signal aborts, with a last batch: what had been
 * written by then. Nothing stays open after that, whether anybody takes the batches or not.
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
  /** Ends the wait for an abort. */
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
    // Nothing has watched since that was read.
    if (!signal.aborted) yield tail.read();
    for (;;) {
      changes.reset();
      const isLast = signal.aborted;
      yield tail.read();
      if (isLast) return;
      // An abort before anyone listened has woken nobody.
      if (!signal.aborted) await changes.next();
    }
  } finally {
    signal.removeEventListener('abort', changes.stop);
    forget();
  }
}

/** Reads on where it was, across the renames of the files. */
class EventTail implements Disposable {
  readonly #paths: EventPaths;
  /** Oldest first. */
  #files: readonly OpenFile[] = [];
  /** What readAhead() has come by. */
  readonly #ahead: (() => readonly EventRecord[])[] = [];
  #isClosed = false;

  constructor(paths: EventPaths) {
    this.#paths = paths;
  }

  /** Reads now what the next read() gives first. A failure is that one's. */
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

  /** What has come since the last time. */
  read(): readonly EventRecord[] {
    if (this.#ahead.length === 0) return this.#readFiles();
    return this.#ahead.splice(0).flatMap((events) => events());
  }

  #readFiles(): readonly EventRecord[] {
    if (this.#isClosed) return [];
    const newer = this.#unknown(this.#paths.file);
    const older = this.#files.length > 0 && newer === undefined ? undefined : this.#unknown(olderFile(this.#paths));
    const fresh = [older, newer].filter((file) => file !== undefined);
    // A rename between the two looks shows one file under both names.
    if (fresh[0]?.inode === fresh[1]?.inode) fresh.pop()?.close();
    this.#files = [...this.#files, ...fresh];
    const events = this.#files.flatMap((file) => parseLines(file.lines()).filter((event) => this.#isNew(event, file)));
    for (const file of this.#files.slice(0, -FILES_KEPT)) file.close();
    this.#files = this.#files.slice(-FILES_KEPT);
    return events;
  }

  /** As in what readEvents() reads: no other record of it is in a file that is open. What files that are gone said is forgotten. */
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

  /** The file of this name, unless it is open already. */
  #unknown(path: string): OpenFile | undefined {
    const inode = statSync(path, { throwIfNoEntry: false })?.ino;
    if (inode === undefined || this.#knows(inode)) return undefined;
    const file = OpenFile.open(path);
    if (file === undefined || !this.#knows(file.inode)) return file;
    file.close(); // another has got the name since the look
    return undefined;
  }

  #knows(inode: number): boolean {
    return this.#files.some((file) => file.inode === inode);
  }
}

class OpenFile {
  readonly inode: number;
  /** Of its events, as far as they have been read. */
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

  /** Whole ones that have not been read. */
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
