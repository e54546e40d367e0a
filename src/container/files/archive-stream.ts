/** An archive as a stream whose source is held for as long as it flows. */
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';

/** `hold` calls its argument with what to stream; what it holds is released when the stream has ended or was destroyed. */
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
