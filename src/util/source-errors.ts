/** Handles errors of a stream supplied by the caller until the stream is read. */
import { EventEmitter } from 'node:events';

/**
 * Ignores errors of the stream: without a listener they would end the program. Call it before anything is awaited.
 * Whoever reads the stream later still gets the error, at the first read.
 */
export function holdErrors(source: unknown): void {
  if (source instanceof EventEmitter) source.on('error', () => undefined);
}
