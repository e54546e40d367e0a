/** Writes to stdout and stderr: text at once, streams with backpressure. */
import { write, writeSync } from 'node:fs';
import { Writable } from 'node:stream';

/** Thrown when the reader of stdout is gone; the program then ends without a message. */
export class OutputClosed extends Error {
  constructor() {
    super('output closed');
    this.name = 'OutputClosed';
  }
}

/** Exit status that a shell shows for a program ended by SIGPIPE. */
export const EXIT_OUTPUT_CLOSED = 141;

/** Writes all of the data before it resolves. */
export async function writeAll(fd: number, data: string | Uint8Array): Promise<void> {
  const bytes = typeof data === 'string' ? Buffer.from(data) : data;
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(fd, bytes, at);
    } catch (error) {
      if (codeOf(error) !== 'EAGAIN') throw outputError(error);
      await writeSlowly(fd, bytes.subarray(at));
      return;
    }
  }
}

/** Returns a stream whose writes complete when the kernel has accepted them. */
export function outputStream(fd: number): Writable {
  return new Writable({
    highWaterMark: 1024 * 1024,
    write: (chunk: Buffer, _, done) => writeChunk(fd, chunk, done),
    writev: (chunks, done) => writeChunk(fd, Buffer.concat(chunks.map(({ chunk }) => chunk as Buffer)), done),
  });
}

function writeChunk(fd: number, chunk: Buffer, done: (error?: Error) => void): void {
  write(fd, chunk, (error, written) => {
    if (error !== null && error.code === 'EAGAIN') {
      writeSlowly(fd, chunk).then(() => done(), done);
    } else if (error !== null) {
      done(outputError(error));
    } else if (written < chunk.length) {
      writeChunk(fd, chunk.subarray(written), done);
    } else {
      done();
    }
  });
}

/**
 * Writes to a descriptor that another process has made non-blocking, through Node's own stream, which waits in the
 * event loop.
 */
async function writeSlowly(fd: number, bytes: Uint8Array): Promise<void> {
  const stream = fd === 2 ? process.stderr : process.stdout;
  await new Promise<void>((resolve, reject) => {
    stream.once('error', reject);
    stream.write(bytes, (error) => {
      stream.removeListener('error', reject);
      if (error) reject(error);
      else resolve();
    });
  }).catch((error: unknown) => {
    throw outputError(error);
  });
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

function outputError(error: unknown): Error {
  if (codeOf(error) === 'EPIPE') return new OutputClosed();
  return error instanceof Error ? error : new Error(String(error));
}
