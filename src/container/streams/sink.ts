/**
 * Where a session's output goes: a Writable of the caller, whose backpressure is passed on, and whose failure is the
 * caller's affair.
 */
import type { Writable } from 'node:stream';

export interface Sink {
  /** Returns false if more should wait for `onDrain`. */
  write(data: Uint8Array): boolean;
  /**
   * Resolves when all that was written is out, or the stream has failed or been closed. Nothing is written after this.
   */
  flushed(): Promise<void>;
  /** Ends the wait of `flushed`: what was written goes out in its own time. */
  leave(): void;
}

export function sinkFor(stream: Writable, onDrain: () => void): Sink {
  let pending = 0;
  let gone = false;
  let left = false;
  let settle: (() => void) | undefined;
  const done = () => {
    pending -= 1;
    if (pending === 0) settle?.();
  };
  const lose = () => {
    gone = true;
    settle?.();
    if (!left) onDrain();
  };
  stream.on('drain', onDrain);
  // A reader that went away (EPIPE) must neither end this process nor hold the container back.
  stream.on('error', lose);
  // A stream may close without an error, and then the callbacks for what a transform still holds are never called.
  stream.on('close', lose);
  const release = () => {
    stream.off('error', lose);
    stream.off('close', lose);
  };
  const leave = () => {
    if (left) return;
    left = true;
    stream.off('drain', onDrain);
    settle?.();
    // The listeners stay until the next turn: the error of a last write comes after its callback.
    settle = () => setImmediate(release);
    if (pending === 0 || gone || stream.destroyed) settle();
  };
  return {
    write(data) {
      if (gone || left || stream.destroyed) return true;
      pending += 1;
      return stream.write(data, done);
    },
    async flushed() {
      if (pending > 0 && !gone && !left && !stream.destroyed) await new Promise<void>((resolve) => (settle = resolve));
      leave();
    },
    leave,
  };
}
