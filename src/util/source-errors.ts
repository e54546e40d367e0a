/** A stream that a caller has given is read when there is something to read it for: until then nobody listens to it. */
import { EventEmitter } from 'node:events';

/** To be called before anything is waited for: an error without a listener would end the program. Who then reads the stream gets the error, from the first read on. */
export function holdErrors(source: unknown): void {
  if (source instanceof EventEmitter) source.on('error', () => undefined);
}
