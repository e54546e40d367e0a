/** Files of the host, for `cp`. */
import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';

import { openDirectory } from '../../native/directory-entries.js';
import { NO_ID_MAPS } from '../../storage/owners.js';
import { packDirectory, packPlace } from '../../storage/pack-tree.js';
import { unpackTree } from '../../storage/unpack-tree.js';
import { toBinaryText } from '../../util/binary-text.js';

/** A file to which a path leads. */
export interface HostFile {
  /** Real path, with all links followed. */
  readonly path: string;
  /**
   * `node`: a device, fifo or socket. `nameless`: a file without a path, to which only a link in /proc leads, as
   * /dev/stdout to a pipe; `path` is that link.
   */
  readonly type: 'directory' | 'file' | 'node' | 'nameless';
}

/** Finds a file of the host; undefined if there is none. */
export async function findOnHost(path: string): Promise<HostFile | undefined> {
  try {
    const real = await realpath(path);
    const there = await stat(real);
    // A slash at the end requires a directory.
    if (path.endsWith('/') && !there.isDirectory()) return undefined;
    return { path: real, type: there.isDirectory() ? 'directory' : there.isFile() ? 'file' : 'node' };
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')))
      throw error;
    // realpath(3) uses the text of links, but the text of links in /proc to a pipe or a removed file is no path.
    const isThere = await stat(path).then(
      () => true,
      () => false,
    );
    return isThere ? { path: resolve(path), type: 'nameless' } : undefined;
  }
}

/** Packs a file or tree under the name `as`; with '' the contents of a directory. */
export async function* packHost({ path }: HostFile, as: string): AsyncGenerator<Buffer, void, undefined> {
  const options = { idMaps: NO_ID_MAPS };
  if (as === '' || path === '/') {
    using directory = openDirectory(path);
    yield* packDirectory(directory.fd, options);
    return;
  }
  using parent = openDirectory(dirname(path));
  const place = { directory: parent.fd, name: toBinaryText(basename(path)) };
  yield* packPlace(place, toBinaryText(as), options);
}

export interface UnpackHostOptions {
  readonly directory: string;
  readonly overwrite: boolean;
  /** Gives all files to the caller and drops set-uid bits and the like; otherwise the archive decides. */
  readonly chown: boolean;
}

/** Unpacks an archive into an existing directory; links in the archive are not followed. */
export async function unpackOnHost(archive: AsyncIterable<Uint8Array>, options: UnpackHostOptions): Promise<void> {
  using directory = openDirectory(options.directory);
  // Set-uid bits of the container must not give the rights of the new owner.
  const dropRights = options.chown;
  const owner = options.chown ? { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 } : undefined;
  await unpackTree(
    archive,
    { root: directory.fd, directory: '', links: false },
    { overwrite: options.overwrite, idMaps: NO_ID_MAPS, owner, dropRights, skipDevices: true },
  );
}
