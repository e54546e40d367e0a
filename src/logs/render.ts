/** Turns records into what `logs` shows when lines are chosen by time, or have a prefix or a time before them. */
import { emptyView, NEWLINE, TIME_LENGTH, type LogChunk, type LogStream, type RecordParser } from './record.js';

export interface RenderOptions {
  readonly parse: RecordParser;
  readonly stream: LogStream | undefined;
  /** Times as in the records, or undefined. */
  readonly since: Buffer | undefined;
  readonly until: Buffer | undefined;
  readonly timestamps: boolean;
  readonly prefix: Buffer;
}

const CHUNK_BYTES = 256 * 1024;
/** Podman's form, whatever the driver's is. */
const TIME_END = Buffer.from('Z ');

export class Renderer {
  readonly #options: RenderOptions;
  readonly #view = emptyView();
  /** Whether the next record of a stream goes on with a line that has begun. */
  readonly #midLine = { stdout: false, stderr: false };
  #chunks: LogChunk[] = [];
  #stream: LogStream = 'stdout';
  #out = Buffer.alloc(0);
  #start = 0;
  /** Where the line begins that has no end so far. */
  #lineStart = 0;
  #length = 0;

  constructor(options: RenderOptions) {
    this.#options = options;
  }

  /** The chunks for the whole records in `block` up to `end`. */
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

  /** Chunks are handed out, so a full buffer is never used again; a line that has begun moves to the new one. */
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
