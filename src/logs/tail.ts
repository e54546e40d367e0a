/** Finds where the last lines of a log begin, reading backwards from its end. */
import type { LogFile } from './log-file.js';
import { emptyView, NEWLINE, type LogStream, type RecordParser, type RecordView } from './record.js';

const BLOCK_BYTES = 256 * 1024;

export interface TailOptions {
  readonly lines: number;
  readonly parse: RecordParser;
  /** Count this stream's lines only. */
  readonly stream: LogStream | undefined;
}

/** What the backward search has seen. */
interface Search {
  readonly options: TailOptions;
  readonly view: RecordView;
  /** Ends of lines that are still to be passed. */
  left: number;
}

/**
 * Sets each file to where the last lines begin, and answers the index of the first file that has any of them (the number of files
 * if there is none). A line that has no end yet counts as one.
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

/** The end of the file's last whole record. */
async function wholeEnd(file: LogFile): Promise<number> {
  for (let end = await file.size(); end > 0;) {
    const start = Math.max(0, end - BLOCK_BYTES);
    const newline = (await file.slice(start, end)).lastIndexOf(NEWLINE);
    if (newline !== -1) return start + newline + 1;
    end = start;
  }
  return 0;
}

/** Where to start in this file, or undefined when all of it belongs to the last lines. */
async function searchFile(file: LogFile, search: Search, isNewest: boolean): Promise<number | undefined> {
  let end = await wholeEnd(file);
  let length = BLOCK_BYTES;
  let first = isNewest;
  while (end > 0) {
    const start = Math.max(0, end - length);
    const bytes = await file.slice(start, end);
    // The first record of the block is whole only at the start of the file: else begin after the first newline.
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

/** Walks back over the records of a block; `newest`: its last record is the last of the log. */
function searchBlock(bytes: Buffer, begin: number, search: Search, newest: boolean): number | undefined {
  let isLast = newest;
  for (let end = bytes.length - 1; end >= begin;) {
    // An offset of -1 would mean the end of the buffer.
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

/** Whether the record ends a line. */
function isCounted(bytes: Buffer, start: number, end: number, { options, view }: Search): boolean {
  return options.parse(bytes, start, end, view) && view.full && isWanted(view, options.stream);
}

function isOpenLine(bytes: Buffer, start: number, end: number, { options, view }: Search): boolean {
  return options.parse(bytes, start, end, view) && !view.full && isWanted(view, options.stream);
}

function isWanted(view: RecordView, stream: LogStream | undefined): boolean {
  return stream === undefined || (view.stdout ? 'stdout' : 'stderr') === stream;
}
