/** Files into a container and out of it, as archives. */
import type { Readable } from 'node:stream';

import { TspodError } from '../../errors.js';
import { isDirectory, openBeneath } from '../../native/directory-entries.js';
import { ownerInside } from '../../storage/owners.js';
import { packDirectory, packPlace } from '../../storage/pack-tree.js';
import { unpackTree } from '../../storage/unpack-tree.js';
import { fromBinaryText, toBinaryText } from '../../util/binary-text.js';
import { O_DIRECTORY, O_PATH, S_IFMT } from '../../util/file-bits.js';
import { heldStream } from '../files/archive-stream.js';
import type { EngineContext } from '../context.js';
import { recordContainerEvent } from '../events.js';
import type { CopyInOptions, CopyOutOptions, FileStat } from '../api/files.js';
import { mayChangeIn } from '../files/may-change.js';
import { findInside, type Place } from '../files/path-inside.js';
import { withRoot } from '../files/root-view.js';
import { userInside } from '../files/user-inside.js';

export async function copyOut(
  context: EngineContext,
  id: string,
  path: string,
  { as, signal }: CopyOutOptions = {},
): Promise<Readable> {
  const copied = () => {
    recordContainerEvent(context, { id, status: 'copy' });
  };
  return heldStream(context, (stream) =>
    withRoot(context, id, { operation: 'copyOut', what: 'seen', signal }, async ({ fd, idMaps }) => {
      using place = await findInside(fd, path);
      const options = { idMaps, signal };
      if (as === undefined && (place.name === '.' || path.endsWith('/.'))) {
        requireDirectory(place, path);
        using directory = openBeneath(place.fd, place.name, O_PATH | O_DIRECTORY, { links: false });
        copied();
        await stream(packDirectory(directory.fd, options));
      } else {
        const called = as ?? path.split('/').findLast((part) => part !== '' && part !== '.') ?? '.';
        copied();
        await stream(packPlace({ directory: place.fd, name: place.name }, toBinaryText(called), options));
      }
    }),
  );
}

export async function copyIn(
  context: EngineContext,
  id: string,
  archive: { readonly directory: string; readonly content: AsyncIterable<Uint8Array> },
  options: CopyInOptions = {},
): Promise<void> {
  const { overwrite = false, chown = true, rename, asked = archive.directory, signal } = options;
  await withRoot(context, id, { operation: 'copyIn', what: 'seen', signal }, async (view) => {
    const { fd, config, idMaps } = view;
    using place = await findInside(fd, archive.directory);
    requireDirectory(place, archive.directory);
    await unpackTree(
      archive.content,
      { root: fd, directory: place.path, links: true, mayChange: mayChangeIn(context, view, `/${asked}`) },
      {
        overwrite,
        idMaps,
        owner: chown ? userInside(fd, config.user) : undefined,
        rename: rename === undefined ? undefined : renames(rename),
        signal,
      },
    );
    recordContainerEvent(context, { id, status: 'copy' });
  });
}

function renames(names: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(names).map(([from, to]) => [toBinaryText(from), toBinaryText(to)]));
}

function requireDirectory({ entry }: Place, path: string): void {
  if (!isDirectory(entry))
    throw new TspodError('INVALID_ARGUMENT', `"${path}" is not a directory`, { details: { path } });
}

const TYPES: Readonly<Record<number, FileStat['type']>> = {
  0o100000: 'file',
  0o040000: 'directory',
  0o120000: 'symlink',
  0o020000: 'character',
  0o060000: 'block',
  0o010000: 'fifo',
  0o140000: 'socket',
};

export async function statInside(
  context: EngineContext,
  id: string,
  path: string,
  { follow = true }: { readonly follow?: boolean } = {},
): Promise<FileStat> {
  return withRoot(context, id, { operation: 'stat', what: 'seen' }, async ({ fd, idMaps }) => {
    using itself = await findInside(fd, path, { follow: false });
    using place = follow ? await findInside(fd, path) : undefined;
    const { entry, path: resolved } = place ?? itself;
    return {
      name: path.split('/').findLast((part) => part !== '' && part !== '.') ?? '/',
      path: fromBinaryText(resolved),
      type: TYPES[entry.mode & S_IFMT] ?? 'file',
      size: entry.size,
      mode: entry.mode,
      ...ownerInside(idMaps, entry),
      modifiedAt: new Date(entry.mtimeSec * 1000 + entry.mtimeNsec / 1e6),
      linkTarget: fromBinaryText(itself.entry.target),
    };
  });
}
