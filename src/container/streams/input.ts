/**
 * Sends a stream of the caller's to the stdin of what a monitor runs: in pieces, no faster than they are taken, with
 * detach keys.
 */
import type { Readable } from 'node:stream';

import { detachFilter } from './detach-keys.js';

export interface InputTarget {
  send(data: Uint8Array): void;
  /** Resolves when all that was sent is taken, or nothing will be any more. */
  drained(): Promise<void>;
  /** Called when there is no more input. */
  end(): void;
  /** Called when the detach keys were in the input. */
  detach(): void;
}

/** Limit of input that was sent and that the monitor has not taken, in bytes. Beyond this the source is paused. */
const MAX_INPUT_BYTES = 256 * 1024;

/** Limit of the input in one message, in bytes. A chunk of a source may be larger than any message. */
const MAX_PIECE_BYTES = 64 * 1024;

/** Sends what the stream gives until it ends, is destroyed, or the returned function is called. */
export function pumpInput(source: Readable, keys: readonly number[], target: InputTarget): () => void {
  const filter = detachFilter(keys);
  const waiting: Uint8Array[] = [];
  let last: (() => void) | undefined;
  let unsent = 0;
  let isHeld = false;
  const hold = () => {
    isHeld = true;
    source.pause();
    void target.drained().then(() => {
      isHeld = false;
      unsent = 0;
      flush();
      if (!isHeld && last === undefined) source.resume();
    });
  };
  const flush = () => {
    for (let chunk = waiting[0]; chunk !== undefined && !isHeld; chunk = waiting[0]) {
      const piece = chunk.subarray(0, MAX_PIECE_BYTES);
      if (piece.length === chunk.length) waiting.shift();
      else waiting[0] = chunk.subarray(piece.length);
      target.send(piece);
      unsent += piece.length;
      if (unsent >= MAX_INPUT_BYTES) hold();
    }
    if (waiting.length === 0) last?.();
  };
  const finish = (how: () => void) => {
    stop();
    last = () => {
      last = () => undefined;
      how();
    };
    flush();
  };
  const onData = (chunk: Uint8Array | string) => {
    const { pass, detach } = filter.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
    if (pass.length > 0) waiting.push(pass);
    if (detach) finish(() => target.detach());
    else flush();
  };
  const onEnd = () => {
    const held = filter.end();
    if (held.length > 0) waiting.push(held);
    finish(() => target.end());
  };
  const stop = () => {
    source.off('data', onData);
    source.off('end', onEnd);
    source.off('close', onEnd);
    source.pause();
  };
  source.on('data', onData);
  source.on('end', onEnd);
  // A source that fails or is destroyed has no end.
  source.on('close', onEnd);
  if (source.readableEnded || source.destroyed) onEnd();
  // Adding a listener does not start a stream that was paused on purpose, which is how an earlier reader leaves it.
  else if (!isHeld && last === undefined) source.resume();
  return () => {
    waiting.length = 0;
    last = () => undefined;
    stop();
  };
}
