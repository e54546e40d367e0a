/** A look at the bytes that pass. */
import { Transform } from 'node:stream';

/** Hands on what it gets, as it comes. */
export function tap(see: (chunk: Buffer) => void): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      see(chunk);
      done(null, chunk);
    },
  });
}
