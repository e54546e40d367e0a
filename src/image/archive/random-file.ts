/** A file with random access. */
import { closeSync, constants, fstatSync, openSync, read } from 'node:fs';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';

import { TspodError, type ErrorCode } from '../../errors.js';

const readAt = promisify(read);
const CHUNK_BYTES = 1024 * 1024;

export class RandomFile implements Disposable {
  readonly path: string;
  readonly size: number;
  readonly #fd: number;
  /** The file itself and its open streams share the descriptor, which the last of them closes. */
  #users = 1;
  #isClosed = false;

  private constructor(path: string, fd: number, size: number) {
    this.path = path;
    this.#fd = fd;
    this.size = size;
  }

  /**
   * Opens a regular file. `missing` is the code of the error if there is none; INVALID_ARGUMENT for anything but a
   * regular file. A symbolic link is followed unless `follow` is false.
   */
  static open(path: string, { follow = true, missing }: { follow?: boolean; missing: ErrorCode }): RandomFile {
    // Opening a FIFO must not block.
    const flags = constants.O_RDONLY | constants.O_NONBLOCK | (follow ? 0 : constants.O_NOFOLLOW);
    let fd: number;
    try {
      fd = openSync(path, flags);
    } catch (error) {
      throw cannotOpen(path, error as NodeJS.ErrnoException, missing);
    }
    const stat = fstatSync(fd);
    if (stat.isFile()) return new RandomFile(path, fd, stat.size);
    closeSync(fd);
    throw new TspodError('INVALID_ARGUMENT', `open ${JSON.stringify(path)}: it is not a regular file`);
  }

  /** Takes over the open descriptor of a regular file. `path` is for errors. */
  static of(fd: number, path: string): RandomFile {
    return new RandomFile(path, fd, fstatSync(fd).size);
  }

  /** Reads up to `length` bytes from `offset`; fewer at the end of the file. */
  async bytes(offset: number, length: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafe(length);
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await readAt(this.#fd, buffer, filled, length - filled, offset + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return buffer.subarray(0, filled);
  }

  /**
   * Streams `length` bytes from `offset`; fails with BAD_ARCHIVE if the file ends before. The stream can still be read
   * after the file was closed.
   */
  stream(offset: number, length: number): Readable {
    this.#users += 1;
    const stream = Readable.from(this.#chunks(offset, length), { objectMode: false, highWaterMark: CHUNK_BYTES });
    stream.once('close', () => this.#leave());
    return stream;
  }

  async *#chunks(offset: number, length: number): AsyncGenerator<Buffer, void, undefined> {
    for (let at = 0; at < length;) {
      const chunk = await this.bytes(offset + at, Math.min(CHUNK_BYTES, length - at));
      if (chunk.length === 0)
        throw new TspodError('BAD_ARCHIVE', `read ${JSON.stringify(this.path)}: it ends too early`);
      at += chunk.length;
      yield chunk;
    }
  }

  /** Closes the file. Further calls do nothing. */
  [Symbol.dispose](): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#leave();
  }

  #leave(): void {
    this.#users -= 1;
    if (this.#users === 0) closeSync(this.#fd);
  }
}

function cannotOpen(path: string, error: NodeJS.ErrnoException, missing: ErrorCode): TspodError {
  const { code } = error;
  const words = code === 'ELOOP' ? 'it is a symbolic link' : error.message;
  const kind =
    code === 'ENOENT' || code === 'ENOTDIR' ? missing : code === 'EACCES' ? 'PERMISSION_DENIED' : 'INVALID_ARGUMENT';
  return new TspodError(kind, `open ${JSON.stringify(path)}: ${words}`, { cause: error });
}
