/**
 * Decompression of layers and archives as they are stored and sent: gzip, zstd or uncompressed. Their first bytes
 * decide, whatever a manifest says.
 */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';

import { isTspodError, TspodError } from '../errors.js';
import { COMPRESSION_BYTES, foreignCompression, foreignText, isGzip, isZstd } from '../util/compression.js';
import { GROWTH_LIMIT, maxUnpackedBytes, type GrowthLimit } from '../util/growth-limit.js';
import { isZstdDataError, zstdDecompressor } from './zstd.js';

type Chunks = AsyncIterable<Uint8Array>;

/** Size of the chunks of output. Larger than zlib's own 16 KiB: fewer round trips to its thread. */
const CHUNK_BYTES = 256 * 1024;

/**
 * Error codes, and names in messages. `foreign`: code for a compression that layers must not have, while other archives
 * may have it elsewhere.
 */
const DATA_ERRORS = {
  layer: { code: 'BAD_IMAGE', foreign: 'BAD_IMAGE', name: 'a layer' },
  archive: { code: 'BAD_ARCHIVE', foreign: 'NOT_SUPPORTED', name: 'the archive' },
  // An archive that becomes a layer.
  root: { code: 'BAD_IMAGE', foreign: 'NOT_SUPPORTED', name: 'the archive' },
} as const;

export interface DecompressOptions {
  /** How much the data may grow. @default GROWTH_LIMIT */
  readonly limit?: GrowthLimit | undefined;
  /** Kind of data, for errors. @default 'layer' */
  readonly what?: keyof typeof DATA_ERRORS;
}

/**
 * Yields the decompressed archive. Throws BAD_IMAGE for a layer that cannot be decompressed or grows too much,
 * BAD_ARCHIVE for another archive, NOT_SUPPORTED for one that is compressed with xz or bzip2.
 */
export async function* decompressed(
  source: Chunks,
  { limit = GROWTH_LIMIT, what = 'layer' }: DecompressOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  let taken = 0;
  const counted = counting(source, (bytes) => (taken += bytes));
  const chunks = counted[Symbol.asyncIterator]();
  const head = await firstBytes(chunks, COMPRESSION_BYTES);
  const whole = withHead(head, chunks);
  const foreign = foreignCompression(head);
  if (foreign !== undefined) {
    await whole.return();
    throw new TspodError(DATA_ERRORS[what].foreign, foreignText(DATA_ERRORS[what].name, foreign));
  }
  const decompressor = decompressorOf(head);
  if (decompressor === undefined) yield* whole;
  else {
    let grown = 0;
    for await (const chunk of through(whole, decompressor, what)) {
      grown += chunk.length;
      if (grown > maxUnpackedBytes(taken, limit)) throw bomb(limit, what);
      yield chunk;
    }
  }
}

async function* counting(source: Chunks, count: (bytes: number) => void): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of source) {
    count(chunk.length);
    yield chunk;
  }
}

function bomb({ factor }: GrowthLimit, what: keyof typeof DATA_ERRORS): TspodError {
  const { code, name } = DATA_ERRORS[what];
  return new TspodError(
    code,
    `${name} cannot be unpacked: it becomes more than ${factor} times as large when it is decompressed`,
  );
}

function decompressorOf(head: Buffer): Transform | undefined {
  if (isGzip(head)) return zlib.createGunzip({ chunkSize: CHUNK_BYTES });
  return isZstd(head) ? zstd() : undefined;
}

/** Returns a zstd decompressor: Node's own, which exists since 22.15, or one of the host's libzstd. */
function zstd(): Transform {
  const create = (zlib as { createZstdDecompress?: (options: { chunkSize: number }) => Transform })
    .createZstdDecompress;
  return create === undefined ? zstdDecompressor() : create({ chunkSize: CHUNK_BYTES });
}

async function* through(
  source: Chunks,
  decompressor: Transform,
  what: keyof typeof DATA_ERRORS,
): AsyncGenerator<Uint8Array, void, undefined> {
  const feeding = pipeline(Readable.from(source, { objectMode: false, highWaterMark: CHUNK_BYTES }), decompressor);
  // The loop that reads from the decompressor reports the same error.
  feeding.catch(() => undefined);
  try {
    for await (const chunk of decompressor as AsyncIterable<Uint8Array>) yield chunk;
    await feeding;
  } catch (error) {
    throw asDataError(error, what);
  }
}

function asDataError(error: unknown, what: keyof typeof DATA_ERRORS): unknown {
  const { code } = error as NodeJS.ErrnoException;
  const isData = isZstdDataError(error) || (typeof code === 'string' && /^(Z_|ZSTD_|ERR_ZSTD)/.test(code));
  if (!isData || isTspodError(error)) return error;
  const { code: wrong, name } = DATA_ERRORS[what];
  return new TspodError(wrong, `${name} cannot be decompressed: ${(error as Error).message}`, { cause: error });
}

async function firstBytes(chunks: AsyncIterator<Uint8Array>, count: number): Promise<Buffer> {
  let head: Buffer = Buffer.alloc(0);
  while (head.length < count) {
    const next = await chunks.next();
    if (next.done === true) break;
    head = Buffer.concat([head, next.value]);
  }
  rest.set(chunks, head);
  return head.subarray(0, count);
}

/** Everything that was read to get at the first bytes, by iterator. */
const rest = new WeakMap<AsyncIterator<Uint8Array>, Buffer>();

async function* withHead(head: Buffer, chunks: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield rest.get(chunks) ?? head;
    for (;;) {
      const next = await chunks.next();
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    await chunks.return?.();
  }
}
