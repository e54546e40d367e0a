/** A pass-through stream that shows each chunk to a callback. */
import { Transform } from 'node:stream';

/** Passes every chunk on unchanged, after calling `see` with it. */
export function tap(see: (chunk: Buffer) => void): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      see(chunk);
      done(null, chunk);
    },
  });
}
