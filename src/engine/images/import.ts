/** `images.import()`: makes an image of one layer from an archive of a root file system. */
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';

import type { EngineContext } from '../../container/context.js';
import { recordImageEvent } from '../../container/events.js';
import { withChanges } from '../../oci/changes.js';
import { wantedPlatform } from '../../oci/platform.js';
import { decompressed } from '../../native/decompress.js';
import { checkArchiveFile } from '../archive-file.js';
import { buildImage } from './build-image.js';
import { summarize } from './summary.js';
import { localName } from './tag.js';
import type { ImageSummary, ImportOptions } from './types.js';

export async function importImage(
  context: EngineContext,
  from: string | Readable,
  options: ImportOptions = {},
): Promise<ImageSummary> {
  const { name, message = 'imported from tarball', changes = [], platform, signal, onProgress } = options;
  if (typeof from === 'string') checkArchiveFile(from);
  const config = withChanges({}, changes);
  const wanted = wantedPlatform(platform);
  const created = new Date().toISOString();
  const image = await buildImage(context, {
    layer: decompressed(typeof from === 'string' ? createReadStream(from) : from, { what: 'root' }),
    config: {
      created,
      architecture: wanted.architecture,
      os: wanted.os,
      ...(wanted.variant === undefined ? {} : { variant: wanted.variant }),
      config,
      rootfs: { type: 'layers', diff_ids: [] },
      history: [{ created, created_by: '/bin/sh -c #(nop) ADD file in /', comment: message }],
    },
    form: 'oci',
    name: name === undefined ? undefined : localName(name),
    signal,
    onProgress,
  });
  recordImageEvent(context, { status: 'import', id: image.id, name: image.names[0]?.name ?? image.id });
  return summarize(context.store, image);
}
