/** FrameSplitter, which cuts a byte stream into frames, wherever its chunks begin and end. */
import { FRAME_HEADER_BYTES } from './message-codec.js';
import { MAX_MESSAGE_BYTES } from './messages.js';

type FrameListener = (code: number, payload: Uint8Array) => void;

/**
 * Calls the listener once for each complete frame. A payload is valid only during that call: if a frame lies completely
 * in one chunk, the payload is a view of the chunk. RangeError for a frame that is longer than allowed, before anything
 * is stored for it.
 */
export class FrameSplitter {
  readonly #listener: FrameListener;
  /** Start of a frame that is not complete yet; grown to the frame's full length once that is known. */
  #partial: Buffer = Buffer.alloc(0);
  #partialBytes = 0;

  constructor(listener: FrameListener) {
    this.#listener = listener;
  }

  /** Whether a part of a frame is pending: a stream that ends now ends in the middle of a frame. */
  get midFrame(): boolean {
    return this.#partialBytes > 0;
  }

  push(chunk: Uint8Array): void {
    let rest = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    if (this.#partialBytes > 0) rest = this.#completePartial(rest);
    while (rest.length >= FRAME_HEADER_BYTES) {
      const end = FRAME_HEADER_BYTES + payloadLength(rest);
      if (rest.length < end) break;
      this.#listener(rest.readUInt32LE(4), rest.subarray(FRAME_HEADER_BYTES, end));
      rest = rest.subarray(end);
    }
    if (rest.length > 0) this.#store(rest);
  }

  /** Adds to the stored start of a frame; returns the part of the chunk that follows the frame. */
  #completePartial(chunk: Buffer): Buffer {
    let rest = chunk;
    if (this.#partialBytes < FRAME_HEADER_BYTES) {
      rest = this.#append(rest, FRAME_HEADER_BYTES);
      if (this.#partialBytes < FRAME_HEADER_BYTES) return rest;
    }
    const end = FRAME_HEADER_BYTES + payloadLength(this.#partial);
    rest = this.#append(rest, end);
    if (this.#partialBytes < end) return rest;
    const frame = this.#partial;
    this.#partial = Buffer.alloc(0);
    this.#partialBytes = 0;
    this.#listener(frame.readUInt32LE(4), frame.subarray(FRAME_HEADER_BYTES, end));
    return rest;
  }

  /** Moves bytes from the chunk to the stored start until that has `goal` bytes; returns the rest of the chunk. */
  #append(chunk: Buffer, goal: number): Buffer {
    if (this.#partial.length < goal) {
      const grown = Buffer.allocUnsafe(goal);
      this.#partial.copy(grown, 0, 0, this.#partialBytes);
      this.#partial = grown;
    }
    const taken = chunk.copy(this.#partial, this.#partialBytes, 0, goal - this.#partialBytes);
    this.#partialBytes += taken;
    return chunk.subarray(taken);
  }

  #store(start: Buffer): void {
    const known = start.length >= FRAME_HEADER_BYTES;
    this.#append(start, known ? FRAME_HEADER_BYTES + payloadLength(start) : FRAME_HEADER_BYTES);
  }
}

function payloadLength(header: Buffer): number {
  const length = header.readUInt32LE(0);
  if (length > MAX_MESSAGE_BYTES) throw new RangeError(`frame of ${length} bytes is too long`);
  return length;
}
