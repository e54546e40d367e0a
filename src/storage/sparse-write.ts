/** Writes files with holes: where an archive holds nothing but zeros, the disk has nothing to keep. */
import { write, writeSync } from 'node:fs';
import { promisify } from 'node:util';

const writeAsync = promisify(write);

/** Runs of zeros of this size become holes. */
const HOLE_BYTES = 4096;
const ZEROS = Buffer.alloc(HOLE_BYTES);
const MANY_ZEROS = Buffer.alloc(1024 * 1024);

/** Writes bytes to a new file, leaving holes in place of zeros. */
export async function writeSparse(fd: number, offset: number, bytes: Buffer): Promise<void> {
  for (const { start, end } of dataRuns(bytes)) {
    for (let at = start; at < end;) {
      if (end - at <= HOLE_BYTES * 16) at += writeSync(fd, bytes, at, end - at, offset + at);
      else at += (await writeAsync(fd, bytes, at, end - at, offset + at)).bytesWritten;
    }
  }
}

/** Returns the ranges of bytes between pieces that are all zeros. */
function dataRuns(bytes: Buffer): { start: number; end: number }[] {
  if (bytes.length <= MANY_ZEROS.length && bytes.equals(MANY_ZEROS.subarray(0, bytes.length))) return [];
  const runs: { start: number; end: number }[] = [];
  for (let at = 0; at < bytes.length; at += HOLE_BYTES) {
    const piece = bytes.subarray(at, at + HOLE_BYTES);
    if (piece.length === HOLE_BYTES && piece.equals(ZEROS)) continue;
    const last = runs.at(-1);
    if (last?.end === at) last.end = at + piece.length;
    else runs.push({ start: at, end: at + piece.length });
  }
  return runs;
}
