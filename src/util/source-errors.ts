/** Checks sources of bytes that the caller supplies, and handles their errors until they are read. */
import { EventEmitter } from 'node:events';

/**
 * Ignores errors of the stream: without a listener they would end the program. Call it before anything is awaited.
 * Whoever reads the stream later still gets the error, at the first read.
 */
export function holdErrors(source: unknown): void {
  if (source instanceof EventEmitter) source.on('error', () => undefined);
}

/** Throws TypeError unless the source yields bytes, asynchronously: a stream, for example. Then holds its errors. */
export function requireBytes(what: string, source: unknown): void {
  if (!isAsyncIterable(source)) throw new TypeError(`${what} must be a stream of bytes`);
  holdErrors(source);
}

/** Like requireBytes(), and accepts the path of a file as well. */
export function requirePathOrBytes(what: string, source: unknown): void {
  if (typeof source === 'string') return;
  if (!isAsyncIterable(source)) throw new TypeError(`${what} must be a path or a stream of bytes`);
  holdErrors(source);
}

function isAsyncIterable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}
