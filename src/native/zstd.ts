/** Zstandard decompression with the host's libzstd, for versions of Node without their own (before 22.15). */
import { Transform, type TransformCallback } from 'node:stream';

import { TspodError } from '../errors.js';
import { binding, type ZstdHandle } from './binding.js';
import { isFailure, isNativeError, NativeError, unwrap } from './native-error.js';

/** Size of the pieces in which the output of one piece of input is passed on. */
const OUTPUT_BYTES = 512 * 1024;

/**
 * Returns a stream that decompresses frames, one after the other, on threads. Errors: NativeError EBADMSG for data that
 * is damaged or ends early; TspodError UNSUPPORTED_HOST, thrown here, if libzstd.so.1 is missing.
 */
export function zstdDecompressor(): Transform {
  const handle = binding().openZstd();
  if (isFailure(handle)) {
    throw new TspodError(
      'UNSUPPORTED_HOST',
      'layers compressed with zstd need libzstd.so.1, which this host lacks: install it (Debian, Ubuntu: libzstd1; Fedora: libzstd; ' +
        'Alpine: zstd-libs), or use Node 22.15 or newer',
      { cause: new NativeError(handle) },
    );
  }
  return new ZstdTransform(handle);
}

class ZstdTransform extends Transform {
  readonly #handle: ZstdHandle;
  /** Whether no frame has begun, or the last one is complete. */
  #isComplete = true;
  /** Called when the reader wants more, or the stream is destroyed. */
  #goOn: () => void = () => undefined;

  constructor(handle: ZstdHandle) {
    super({ writableHighWaterMark: OUTPUT_BYTES, readableHighWaterMark: OUTPUT_BYTES });
    this.#handle = handle;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#decompress(chunk).then(
      () => done(),
      (error: unknown) => done(error as Error),
    );
  }

  override _flush(done: TransformCallback): void {
    const early = new NativeError({ errno: 74, syscall: 'ZSTD_decompressStream', path: 'the data ends early' });
    done(this.#isComplete ? null : early);
  }

  override _read(size: number): void {
    this.#goOn();
    super._read(size);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#goOn();
    super._destroy(error, done);
  }

  /**
   * Decompresses a piece only as fast as the output is read: a few bytes may become a hundred thousand times as many.
   */
  async #decompress(chunk: Buffer): Promise<void> {
    for (let at = 0, full = true; (at < chunk.length || full) && !this.destroyed;) {
      const output = Buffer.allocUnsafeSlow(OUTPUT_BYTES);
      const answer = unwrap(await binding().zstdDecompress(this.#handle, chunk.subarray(at), output));
      const [used, made, isComplete] = answer;
      at += used;
      full = made === OUTPUT_BYTES;
      // A call without input or output, after one that filled the output, says nothing about the previous frame.
      if (used > 0 || made > 0) this.#isComplete = isComplete;
      if (made > 0) await this.#handOn(output.subarray(0, made));
    }
  }

  async #handOn(bytes: Buffer): Promise<void> {
    if (this.destroyed || this.push(bytes)) return;
    await new Promise<void>((resolve) => (this.#goOn = resolve));
  }
}

/** Whether an error says that the compressed data are damaged. */
export function isZstdDataError(error: unknown): boolean {
  return isNativeError(error, 'EBADMSG');
}
