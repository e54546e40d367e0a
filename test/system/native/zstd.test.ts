/** Zstandard by the host's library. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import { zstdDecompressor } from '../../../src/native/zstd.js';
import { until } from '../../helpers/until.js';
import { requires } from '../../helpers/requires.js';

const KIB = 1024;
const MIB = 1024 * KIB;

function packed(content: Buffer, ...flags: string[]): Buffer {
  return spawnSync('zstd', ['-q', '-c', ...flags], { input: content, maxBuffer: 16 * MIB }).stdout;
}

async function unpacked(bytes: Buffer, pieceBytes = bytes.length): Promise<string> {
  const pieces = Array.from({ length: Math.ceil(bytes.length / pieceBytes) }, (_, index) =>
    bytes.subarray(index * pieceBytes, (index + 1) * pieceBytes),
  );
  const chunks: Buffer[] = [];
  for await (const chunk of Readable.from(pieces).pipe(zstdDecompressor())) chunks.push(chunk as Buffer);
  return digest(Buffer.concat(chunks));
}

const digest = (content: Buffer) => createHash('sha256').update(content).digest('hex');

test('content of any size, also of as much as one call decompresses', async (t) => {
  if (!requires(t, 'zstd')) return;
  for (const size of [0, 1, 512 * KIB - 1, 512 * KIB, 512 * KIB + 1, MIB, 3 * MIB]) {
    const content = Buffer.alloc(size, 'content');
    for (const bytes of [packed(content), packed(content, '--no-check')]) {
      t.is(await unpacked(bytes), digest(content), `${size}`);
      t.is(await unpacked(bytes, 7), digest(content), `${size} in pieces`);
      t.is(await unpacked(Buffer.concat([bytes, bytes])), digest(Buffer.concat([content, content])), `twice ${size}`);
    }
  }
});

test('what ends early, wherever that is', async (t) => {
  if (!requires(t, 'zstd')) return;
  for (const size of [512 * KIB, MIB]) {
    for (const bytes of [packed(Buffer.alloc(size)), packed(Buffer.alloc(size), '--no-check')]) {
      for (let length = 1; length < bytes.length; length += 1)
        await t.throwsAsync(unpacked(bytes.subarray(0, length)), { code: 'EBADMSG' }, `${length} of ${bytes.length}`);
    }
  }
});

/** A frame of a few bytes for so many: blocks of 128 KiB that repeat one byte. */
function bombOf(bytes: number): Buffer {
  const count = bytes / (128 * KIB);
  const blocks = Array.from({ length: count }, (_, index) => {
    const block = Buffer.alloc(4, 'x');
    block.writeUIntLE(((128 * KIB) << 3) | (1 << 1) | (index === count - 1 ? 1 : 0), 0, 3);
    return block;
  });
  return Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 7 << 3]), ...blocks]);
}

test('no more is decompressed than is read, however much one piece of input becomes', async (t) => {
  if (!requires(t, 'zstd')) return;
  const stream = zstdDecompressor();
  stream.end(bombOf(64 * MIB));
  await until('as much as may wait', () => stream.readableLength === 512 * KIB);
  await delay(100);
  t.is(stream.readableLength, 512 * KIB, 'and no more');
  let length = 0;
  for await (const chunk of stream) {
    length += (chunk as Buffer).length;
    if (length === 32 * MIB) await delay(100);
    if (stream.readableLength > 512 * KIB) t.fail(`${stream.readableLength} bytes wait`);
  }
  t.is(length, 64 * MIB);
});

test.serial('nothing more is decompressed after destroy()', async (t) => {
  if (!requires(t, 'zstd')) return;
  const stream = zstdDecompressor();
  stream.end(bombOf(1024 * MIB));
  await once(stream, 'readable');
  stream.destroy();
  // What is under way.
  await delay(50);
  const before = process.cpuUsage();
  await delay(300);
  const { user, system } = process.cpuUsage(before);
  t.true(user + system < 150_000, `${user + system} us`);
});
