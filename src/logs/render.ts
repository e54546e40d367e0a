/** Renders records for `logs` if lines are selected by time, or get a prefix or a timestamp. */
import { emptyView, NEWLINE, TIME_LENGTH, type LogChunk, type LogStream, type RecordParser } from './record.js';

export interface RenderOptions {
  readonly parse: RecordParser;
  readonly stream: LogStream | undefined;
  /** Times in the format of the records, or undefined. */
  readonly since: Buffer | undefined;
  readonly until: Buffer | undefined;
  readonly timestamps: boolean;
  readonly prefix: Buffer;
}

const CHUNK_BYTES = 256 * 1024;
/** End of a timestamp in Podman's format, whatever the log driver's is. */
const TIME_END = Buffer.from('Z ');

/** Renders the records of a log, block by block: lines may continue across blocks. */
export class Renderer {
  readonly #options: RenderOptions;
  readonly #view = emptyView();
  /** Whether the stream's next record continues a line. */
  readonly #midLine = { stdout: false, stderr: false };
  #chunks: LogChunk[] = [];
  #stream: LogStream = 'stdout';
  #out = Buffer.alloc(0);
  #start = 0;
  /** Offset at which the unfinished line begins. */
  #lineStart = 0;
  #length = 0;

  constructor(options: RenderOptions) {
    this.#options = options;
  }

  /** Returns the chunks for the complete records in `block` up to `end`. */
  render(block: Buffer, end: number): LogChunk[] {
    const { parse } = this.#options;
    for (let start = 0; start < end;) {
      const newline = block.indexOf(NEWLINE, start);
      if (parse(block, start, newline, this.#view)) this.#record(block);
      start = newline + 1;
    }
    this.#flush();
    const chunks = this.#chunks;
    this.#chunks = [];
    return chunks;
  }

  #record(block: Buffer): void {
    const view = this.#view;
    const stream = view.stdout ? 'stdout' : 'stderr';
    if (!this.#isWanted(block, stream)) return;
    if (stream !== this.#stream) {
      this.#flush();
      this.#stream = stream;
    }
    if (!this.#midLine[stream]) this.#decorate(block);
    this.#midLine[stream] = !view.full;
    this.#put(view.content ?? block, view.start, view.end);
    if (view.full) this.#putNewline();
  }

  #isWanted(block: Buffer, stream: LogStream): boolean {
    const { since, until, stream: wanted } = this.#options;
    if (wanted !== undefined && wanted !== stream) return false;
    const { timeStart } = this.#view;
    const timeEnd = timeStart + TIME_LENGTH;
    if (since !== undefined && block.compare(since, 0, TIME_LENGTH, timeStart, timeEnd) < 0) return false;
    return until === undefined || block.compare(until, 0, TIME_LENGTH, timeStart, timeEnd) <= 0;
  }

  #decorate(block: Buffer): void {
    const { prefix, timestamps } = this.#options;
    if (prefix.length > 0) this.#put(prefix, 0, prefix.length);
    if (!timestamps) return;
    this.#put(block, this.#view.timeStart, this.#view.timeStart + TIME_LENGTH);
    this.#put(TIME_END, 0, TIME_END.length);
  }

  #put(source: Buffer, start: number, end: number): void {
    this.#reserve(end - start);
    this.#length += source.copy(this.#out, this.#length, start, end);
  }

  #putNewline(): void {
    this.#reserve(1);
    this.#out[this.#length] = NEWLINE;
    this.#length += 1;
    this.#lineStart = this.#length;
  }

  /**
   * Makes room in the buffer. A full buffer belongs to the chunks made from it, so a new one is allocated, and an
   * unfinished line is moved there.
   */
  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#out.length) return;
    const begun = this.#out.subarray(this.#lineStart, this.#length);
    this.#flush(this.#lineStart);
    this.#out = Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, begun.length + bytes));
    this.#length = begun.copy(this.#out);
    this.#start = 0;
    this.#lineStart = 0;
  }

  #flush(end = this.#length): void {
    if (end > this.#start) {
      this.#chunks.push({ stream: this.#stream, data: this.#out.subarray(this.#start, end) });
    }
    this.#start = end;
    this.#lineStart = end;
  }
}
