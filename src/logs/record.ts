/**
 * A record of a log file, represented as offsets in the block that contains it, so that no record costs an object or a
 * string.
 */

export type LogStream = 'stdout' | 'stderr';

/**
 * Output of one stream, as the container wrote it. A line that was written in pieces, or is longer than 16 KiB, has
 * several records, and may continue in the next chunk of the stream.
 */
export interface LogChunk {
  readonly stream: LogStream;
  readonly data: Buffer;
}

export interface RecordView {
  stdout: boolean;
  /** The record ends a line; otherwise the stream's next record continues the line. */
  full: boolean;
  /** Offset of the time of writing: 29 bytes, `2006-01-02T15:04:05.123456789`, in UTC. */
  timeStart: number;
  /**
   * Range of the content, without the newline that a full record implies: in `content` if that is set, else in the
   * block.
   */
  start: number;
  end: number;
  /** Content that had to be decoded; `start` and `end` are offsets in it. */
  content: Buffer | undefined;
}

/** Length of the part of a time that both formats share. */
export const TIME_LENGTH = 29;

/**
 * Parses the record in `block` from `start` to `end` (without its newline) into `view`. Returns false if it is not a
 * record, such as a line cut short by a full disk or a crash; it is then skipped.
 */
export type RecordParser = (block: Buffer, start: number, end: number, view: RecordView) => boolean;

export const NEWLINE = 0x0a;

export function emptyView(): RecordView {
  return { stdout: true, full: true, timeStart: 0, start: 0, end: 0, content: undefined };
}
