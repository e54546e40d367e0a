/** Streams an archive, and holds its source for as long as the stream flows. */
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';

/**
 * Returns a stream of the chunks that `hold` passes to its argument. The promise of that call resolves when the stream
 * has ended or was destroyed: then `hold` can release what it holds.
 */
export async function heldStream(
  hold: (stream: (chunks: AsyncIterable<Buffer>) => Promise<void>) => Promise<void>,
): Promise<Readable> {
  return new Promise((resolve, reject) => {
    hold(async (chunks) => {
      const stream = Readable.from(chunks, { objectMode: false });
      resolve(stream);
      await finished(stream, { cleanup: true }).catch(() => undefined);
    }).catch(reject);
  });
}
