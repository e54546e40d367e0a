/** Finds the beginning of the last lines of a log by reading backwards from its end. */
import type { LogFile } from './log-file.js';
import { emptyView, NEWLINE, type LogStream, type RecordParser, type RecordView } from './record.js';

const BLOCK_BYTES = 256 * 1024;

export interface TailOptions {
  readonly lines: number;
  readonly parse: RecordParser;
  /** Only lines of this stream count. */
  readonly stream: LogStream | undefined;
}

/** State of the backward search. */
interface Search {
  readonly options: TailOptions;
  readonly view: RecordView;
  /** Number of line ends still to be passed. */
  left: number;
}

/**
 * Positions each file at the beginning of the last lines. Returns the index of the first file that contains any of them
 * (the number of files if there is none). A line without an end counts.
 */
export async function seekTail(files: readonly LogFile[], options: TailOptions): Promise<number> {
  const search: Search = { options, view: emptyView(), left: options.lines };
  if (search.left === 0) {
    for (const file of files) file.seek(await wholeEnd(file));
    return files.length;
  }
  for (let i = files.length - 1; i >= 0; i -= 1) {
    const file = files[i];
    if (file === undefined) continue;
    const start = await searchFile(file, search, i === files.length - 1);
    if (start !== undefined) {
      file.seek(start);
      return i;
    }
  }
  return 0;
}

/** Returns the end of the file's last complete record. */
async function wholeEnd(file: LogFile): Promise<number> {
  for (let end = await file.size(); end > 0;) {
    const start = Math.max(0, end - BLOCK_BYTES);
    const newline = (await file.slice(start, end)).lastIndexOf(NEWLINE);
    if (newline !== -1) return start + newline + 1;
    end = start;
  }
  return 0;
}

/** Returns the offset to start from in this file, or undefined if all of it belongs to the last lines. */
async function searchFile(file: LogFile, search: Search, isNewest: boolean): Promise<number | undefined> {
  let end = await wholeEnd(file);
  let length = BLOCK_BYTES;
  let first = isNewest;
  while (end > 0) {
    const start = Math.max(0, end - length);
    const bytes = await file.slice(start, end);
    // A block that does not begin at the start of the file begins within a record: its records start after the first
    // newline.
    const begin = start === 0 ? 0 : bytes.indexOf(NEWLINE) + 1;
    if (begin === bytes.length) {
      length *= 2;
      continue;
    }
    const found = searchBlock(bytes, begin, search, first);
    if (found !== undefined) return start + found;
    first = false;
    end = start + begin;
    length = BLOCK_BYTES;
  }
  return undefined;
}

/** Walks backwards through the records of a block. `newest`: its last record is the last one of the log. */
function searchBlock(bytes: Buffer, begin: number, search: Search, newest: boolean): number | undefined {
  let isLast = newest;
  for (let end = bytes.length - 1; end >= begin;) {
    // For lastIndexOf(), an offset of -1 would mean the end of the buffer.
    const start = end === 0 ? 0 : Math.max(begin, bytes.lastIndexOf(NEWLINE, end - 1) + 1);
    if (isCounted(bytes, start, end, search)) {
      if (search.left === 0) return end + 1;
      search.left -= 1;
      isLast = false;
    } else if (isLast && isOpenLine(bytes, start, end, search)) {
      search.left -= 1;
      isLast = false;
    }
    if (start === begin) return undefined;
    end = start - 1;
  }
  return undefined;
}

/** Whether the record ends a line of the wanted stream. */
function isCounted(bytes: Buffer, start: number, end: number, { options, view }: Search): boolean {
  return options.parse(bytes, start, end, view) && view.full && isWanted(view, options.stream);
}

function isOpenLine(bytes: Buffer, start: number, end: number, { options, view }: Search): boolean {
  return options.parse(bytes, start, end, view) && !view.full && isWanted(view, options.stream);
}

function isWanted(view: RecordView, stream: LogStream | undefined): boolean {
  return stream === undefined || (view.stdout ? 'stdout' : 'stderr') === stream;
}
