/** One record of a log file, as positions in the block that holds it: no record costs an object or a string. */

export type LogStream = 'stdout' | 'stderr';

/**
 * Lines of one stream, as the container wrote them. A line that it wrote in pieces or that is longer than 16 KiB is several records, and the
 * next chunk of the stream may go on with it.
 */
export interface LogChunk {
  readonly stream: LogStream;
  readonly data: Buffer;
}

export interface RecordView {
  stdout: boolean;
  /** The record ends a line of the container's; otherwise the next record of the stream goes on with it. */
  full: boolean;
  /** The time of writing: 29 bytes, `2006-01-02T15:04:05.123456789`, in UTC. */
  timeStart: number;
  /** The content without the newline that a full record stands for, in `content` if set, else in the block. */
  start: number;
  end: number;
  /** Content that had to be decoded, `start` and `end` are positions in it. */
  content: Buffer | undefined;
}

/** Length of the part of a time that both formats have in common. */
export const TIME_LENGTH = 29;

/**
 * Reads the record in `block` from `start` to `end` (its newline not included) into `view`; false if it is none (a line that a full disk
 * or a crash cut short): such a line is passed over.
 */
export type RecordParser = (block: Buffer, start: number, end: number, view: RecordView) => boolean;

export const NEWLINE = 0x0a;

export function emptyView(): RecordView {
  return { stdout: true, full: true, timeStart: 0, start: 0, end: 0, content: undefined };
}
