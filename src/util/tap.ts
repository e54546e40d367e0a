/** A pass-through stream that shows each chunk to a callback. */
import { Transform } from 'node:stream';

/** Passes every chunk on unchanged, after calling `onChunk` with it. */
export function tap(onChunk: (chunk: Buffer) => void): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      onChunk(chunk);
      done(null, chunk);
    },
  });
}
