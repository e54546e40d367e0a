/** Reads a stream of chunks by size: exactly so many bytes, or whatever comes next. */
import { TspodError } from '../errors.js';

export class ByteSource implements AsyncDisposable {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#chunks = source[Symbol.asyncIterator]();
  }

  /** Returns up to `most` of the next bytes; undefined at the end. */
  async some(most: number): Promise<Buffer | undefined> {
    while (this.#rest.length === 0) {
      const next = await this.#chunks.next();
      if (next.done === true) return undefined;
      this.#rest = Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength);
    }
    const taken = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(taken.length);
    return taken;
  }

  /** Returns exactly `size` bytes; undefined at the end of the source. Throws BAD_ARCHIVE if the source ends before. */
  async exactly(size: number): Promise<Buffer | undefined> {
    const first = await this.some(size);
    if (first === undefined) return size === 0 ? Buffer.alloc(0) : undefined;
    if (first.length === size) return first;
    const parts = [first];
    for (let missing = size - first.length; missing > 0;) {
      const part = await this.some(missing);
      if (part === undefined) throw endsEarly();
      parts.push(part);
      missing -= part.length;
    }
    return Buffer.concat(parts);
  }

  async skip(size: number): Promise<void> {
    for (let left = size; left > 0;) {
      const part = await this.some(left);
      if (part === undefined) throw endsEarly();
      left -= part.length;
    }
  }

  /** Tells the source that nothing more is needed. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#chunks.return?.();
  }
}

export function endsEarly(): TspodError {
  return badArchive('it ends in the middle of a file');
}

export function badArchive(why: string): TspodError {
  return new TspodError('BAD_ARCHIVE', `cannot read the tar archive: ${why}`);
}
