/** Where a session's output goes: a Writable of the caller's, whose backpressure is passed on and whose failure is its owner's affair. */
import type { Writable } from 'node:stream';

export interface Sink {
  /** False: more should wait for `onDrain`. */
  write(data: Uint8Array): boolean;
  /** Resolves when all that was written is out, or the stream has failed. */
  flushed(): Promise<void>;
}

export function sinkFor(stream: Writable, onDrain: () => void): Sink {
  let pending = 0;
  let failed = false;
  let settle: (() => void) | undefined;
  const done = () => {
    pending -= 1;
    if (pending === 0) settle?.();
  };
  const fail = () => {
    failed = true;
    settle?.();
    onDrain();
  };
  stream.on('drain', onDrain);
  // A reader that went away (EPIPE) must neither end this process nor hold the container back.
  stream.on('error', fail);
  const release = () => {
    stream.off('drain', onDrain);
    // Kept until the next turn: the error of a last write comes after its callback.
    setImmediate(() => stream.off('error', fail));
  };
  return {
    write(data) {
      if (failed || stream.destroyed) return true;
      pending += 1;
      return stream.write(data, done);
    },
    async flushed() {
      if (pending > 0 && !failed) await new Promise<void>((resolve) => (settle = resolve));
      release();
    },
  };
}
