/** A container's root file system as an archive. */
import type { Readable } from 'node:stream';

import { packDirectory } from '../../storage/pack-tree.js';
import type { SignalOption } from '../api/container.js';
import { heldStream } from '../files/archive-stream.js';
import type { EngineContext } from '../context.js';
import { recordContainerEvent } from '../events.js';
import { withRoot } from '../files/root-view.js';

export async function exportContainer(
  context: EngineContext,
  id: string,
  { signal }: SignalOption = {},
): Promise<Readable> {
  return heldStream(context, (stream) =>
    withRoot(context, id, { operation: 'export', what: 'alone', signal }, ({ fd, idMaps }) => {
      recordContainerEvent(context, { id, status: 'export' });
      return stream(packDirectory(fd, { idMaps, signal }));
    }),
  );
}
