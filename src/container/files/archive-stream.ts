/** Streams an archive, and holds its source for as long as the stream flows. */
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';

import { TspodError } from '../../errors.js';
import type { EngineContext } from '../context.js';

/**
 * Returns a stream of the chunks that `hold` passes to its argument. The promise of that call resolves when the stream
 * has ended or was destroyed: then `hold` can release what it holds.
 */
export async function heldStream(
  { archives }: EngineContext,
  hold: (stream: (chunks: AsyncIterable<Buffer>) => Promise<void>) => Promise<void>,
): Promise<Readable> {
  return new Promise((resolve, reject) => {
    hold(async (chunks) => {
      const stream = Readable.from(chunks, { objectMode: false });
      archives.add(stream);
      resolve(stream);
      await finished(stream, { cleanup: true }).catch(() => undefined);
      archives.delete(stream);
    }).catch(reject);
  });
}

/** Destroys the streams that nobody reads, with ENGINE_CLOSED: their sources would be held for ever. */
export function endUnread(archives: ReadonlySet<Readable>): void {
  for (const stream of archives) {
    const isRead = stream.listenerCount('data') > 0 || stream.listenerCount('readable') > 0;
    if (!isRead) stream.destroy(new TspodError('ENGINE_CLOSED', 'the engine has been closed'));
  }
}
