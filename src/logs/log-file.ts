/** One file of a log, read in blocks of whole records. */
import { open, type FileHandle } from 'node:fs/promises';

import { NEWLINE } from './record.js';

const BLOCK_BYTES = 512 * 1024;

/** A longer record is none of ours. */
const MAX_RECORD_BYTES = 16 * 1024 * 1024;

export interface Block {
  /** Not used again by the reader. */
  readonly bytes: Buffer;
  /** End of the last whole record in it. */
  readonly end: number;
}

export class LogFile implements AsyncDisposable {
  readonly inode: bigint;
  readonly #handle: FileHandle;
  #position = 0;
  /** Nothing behind it is seen. */
  #limit = Infinity;

  private constructor(handle: FileHandle, inode: bigint) {
    this.#handle = handle;
    this.inode = inode;
  }

  /** Undefined if there is no such file. */
  static async open(path: string): Promise<LogFile | undefined> {
    let handle: FileHandle | undefined;
    try {
      handle = await open(path, 'r');
      return new LogFile(handle, (await handle.stat({ bigint: true })).ino);
    } catch (error) {
      await handle?.close();
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
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

  /** What is written from now on is not read. */
  async endHere(): Promise<void> {
    this.#limit = await this.size();
  }

  /** From the position to the end of the file, as far as records are whole; the position follows. The next block is read ahead. */
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
      // A read ahead that nobody takes must not outlive the handle, and its failure must not go unhandled.
      await pending.catch(() => undefined);
    }
  }

  /** Bytes from `start` to `end` of the file, fewer if it is shorter. */
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
 * All files of a log, oldest first: PATH.2, PATH.1, PATH. Opened from the newest on, so that a rotation meanwhile makes one appear
 * twice and none be missed. `known`: stop at the file with this inode, which is not among them.
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
  // A rotation renames the oldest first: while it is at work one name in the row is free, never two.
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
    // Seen before under a younger name: those found between are newer than it.
    newestFirst.push(...newestFirst.splice(seen, 1));
  }
}
