/** One file of a log, read in blocks of complete records. */
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';

import { TspodError } from '../errors.js';
import { NEWLINE } from './record.js';

const BLOCK_BYTES = 512 * 1024;

/** A longer record is not one of tspod's: it is skipped. */
const MAX_RECORD_BYTES = 16 * 1024 * 1024;

/** A log may lie where its container writes: a fifo there is not waited for, and a link not followed. */
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

function notRegular(path: string): TspodError {
  return new TspodError('INVALID_ARGUMENT', `log "${path}" is not a regular file`);
}

export interface Block {
  /** Owned by the receiver: the reader does not reuse it. */
  readonly bytes: Buffer;
  /** End of the last complete record in the block. */
  readonly end: number;
}

/** An open file of a log, and the position up to which it has been read. */
export class LogFile implements AsyncDisposable {
  readonly inode: bigint;
  readonly #handle: FileHandle;
  #position = 0;
  /** Offset at which reading stops. */
  #limit = Infinity;

  private constructor(handle: FileHandle, inode: bigint) {
    this.#handle = handle;
    this.inode = inode;
  }

  /**
   * Opens a file of a log; undefined if there is no such file. Throws INVALID_ARGUMENT for a link or anything else that
   * is not a regular file.
   */
  static async open(path: string): Promise<LogFile | undefined> {
    let handle: FileHandle | undefined;
    try {
      handle = await open(path, OPEN_FLAGS);
      const status = await handle.stat({ bigint: true });
      if (!status.isFile()) throw notRegular(path);
      return new LogFile(handle, status.ino);
    } catch (error) {
      await handle?.close();
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') return undefined;
      throw code === 'ELOOP' || code === 'ENXIO' ? notRegular(path) : error;
    }
  }

  get position(): number {
    return this.#position;
  }

  seek(position: number): void {
    this.#position = position;
  }

  async size(): Promise<number> {
    return Math.min((await this.#handle.stat()).size, this.#limit);
  }

  /** Excludes everything that is written from now on. */
  async endHere(): Promise<void> {
    this.#limit = await this.size();
  }

  /**
   * Yields the complete records from the position to the end of the file, and advances the position. The next block is
   * read ahead.
   */
  async *blocks(): AsyncGenerator<Block> {
    let length = BLOCK_BYTES;
    let pending = this.#readAt(this.#position, length);
    try {
      for (;;) {
        const bytes = await pending;
        if (bytes.length === 0) return;
        const end = bytes.lastIndexOf(NEWLINE) + 1;
        if (end === 0) {
          if (bytes.length < length) return; // a record that is still being written
          length = this.#lengthen(length);
        } else {
          this.#position += end;
        }
        pending = this.#readAt(this.#position, length);
        if (end > 0) yield { bytes, end };
      }
    } finally {
      // A pending read-ahead must not outlive the handle, and its failure must not go unhandled.
      await pending.catch(() => undefined);
    }
  }

  /** Reads the bytes from `start` to `end`; fewer if the file is shorter. */
  async slice(start: number, end: number): Promise<Buffer> {
    return this.#readAt(start, end - start);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
  }

  #lengthen(length: number): number {
    if (length < MAX_RECORD_BYTES) return length * 2;
    this.#position += length;
    return BLOCK_BYTES;
  }

  async #readAt(position: number, length: number): Promise<Buffer> {
    const wanted = Math.max(0, Math.min(length, this.#limit - position));
    const buffer = Buffer.allocUnsafeSlow(wanted);
    const { bytesRead } = await this.#handle.read(buffer, 0, wanted, position);
    return buffer.subarray(0, bytesRead);
  }
}

/**
 * Opens all files of a log, oldest first: PATH.2, PATH.1, PATH. They are opened from the newest on, so that a rotation
 * meanwhile shows a file twice rather than hiding one. `known`: stops at the file with this inode, which is not
 * included.
 */
export async function openLogFiles(path: string, known?: bigint): Promise<LogFile[]> {
  const newestFirst: LogFile[] = [];
  try {
    await openInto(newestFirst, path, known);
  } catch (error) {
    await closeLogFiles(newestFirst);
    throw error;
  }
  return newestFirst.reverse();
}

export async function closeLogFiles(files: Iterable<LogFile>): Promise<void> {
  for (const file of files) await file[Symbol.asyncDispose]();
}

async function openInto(newestFirst: LogFile[], path: string, known: bigint | undefined): Promise<void> {
  let missing = 0;
  // A rotation renames the oldest file first: while it is in progress, one name in the sequence is free, never two.
  for (let age = 0; missing < 2; age += 1) {
    const file = await LogFile.open(age === 0 ? path : `${path}.${String(age)}`);
    missing = file === undefined ? missing + 1 : 0;
    if (file === undefined) continue;
    const seen = newestFirst.findIndex((other) => other.inode === file.inode);
    if (seen === -1 && file.inode !== known) {
      newestFirst.push(file);
      continue;
    }
    await file[Symbol.asyncDispose]();
    if (file.inode === known) break;
    // Already seen under a newer name: the files found in between are newer than it.
    newestFirst.push(...newestFirst.splice(seen, 1));
  }
}
