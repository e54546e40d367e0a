/**
 * The k8s-file format, one record per line: `2006-01-02T15:04:05.123456789+00:00 stdout F content`. The part before the
 * content has a fixed length, which makes reading fast.
 */
import { NEWLINE, type LogChunk, type RecordParser } from './record.js';

const SPACE = 0x20;
const LETTER_F = 0x46;
const LETTER_P = 0x50;
const LETTER_O = 0x6f;
const LETTER_E = 0x65;

/** Offsets in a record: `T+00:00 stdout F `. */
const AFTER_TIME = 35;
const STREAM_LETTER = 39;
const AFTER_STREAM = 42;
const FLAG = 43;
const AFTER_FLAG = 44;
const CONTENT = 45;

export const parseK8s: RecordParser = (block, start, end, view) => {
  if (!isRecord(block, start, end)) return false;
  view.stdout = block[start + STREAM_LETTER] === LETTER_O;
  view.full = block[start + FLAG] === LETTER_F;
  view.timeStart = start;
  view.start = start + CONTENT;
  view.end = end;
  view.content = undefined;
  return true;
};

function isRecord(block: Buffer, start: number, end: number): boolean {
  if (end - start < CONTENT) return false;
  const letter = block[start + STREAM_LETTER];
  const flag = block[start + FLAG];
  return (
    block[start + AFTER_TIME] === SPACE &&
    block[start + AFTER_STREAM] === SPACE &&
    block[start + AFTER_FLAG] === SPACE &&
    (letter === LETTER_O || letter === LETTER_E) &&
    (flag === LETTER_F || flag === LETTER_P)
  );
}

/**
 * Returns the contents of all records in a block up to `end` (the end of the last complete record). The block is
 * overwritten: each content is moved towards its front. There is one chunk for each run of records of one stream.
 */
export function compactK8s(block: Buffer, end: number, wanted: 'stdout' | 'stderr' | undefined): LogChunk[] {
  const chunks: LogChunk[] = [];
  let chunkStart = 0;
  let out = 0;
  let letter = 0;
  for (let start = 0; start < end;) {
    const newline = block.indexOf(NEWLINE, start);
    if (isRecord(block, start, newline)) {
      const next = block[start + STREAM_LETTER] ?? 0;
      if (next !== letter) {
        pushRun(chunks, { data: block.subarray(chunkStart, out), letter, wanted });
        chunkStart = out;
        letter = next;
      }
      const contentEnd = block[start + FLAG] === LETTER_F ? newline + 1 : newline;
      block.copyWithin(out, start + CONTENT, contentEnd);
      out += contentEnd - start - CONTENT;
    }
    start = newline + 1;
  }
  pushRun(chunks, { data: block.subarray(chunkStart, out), letter, wanted });
  return chunks;
}

interface Run {
  readonly data: Buffer;
  readonly letter: number;
  readonly wanted: 'stdout' | 'stderr' | undefined;
}

function pushRun(chunks: LogChunk[], { data, letter, wanted }: Run): void {
  const stream = letter === LETTER_O ? 'stdout' : 'stderr';
  if (data.length > 0 && (wanted === undefined || wanted === stream)) chunks.push({ stream, data });
}
