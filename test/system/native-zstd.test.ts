/** Zstandard by the host's library. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import test from 'ava';
import { zstdDecompressor } from '../../src/native/zstd.js';
import { requires } from '../helpers/requires.js';

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
