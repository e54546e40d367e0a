/** The other side of `cp`: files of the machine. */
import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';

import { openDirectory } from '../../native/directory-entries.js';
import { NO_ID_MAPS } from '../../storage/owners.js';
import { packDirectory, packPlace } from '../../storage/pack-tree.js';
import { unpackTree } from '../../storage/unpack-tree.js';
import { toBinaryText } from '../../util/binary-text.js';

/** What a path leads to. */
export interface HostFile {
  /** With all links followed. */
  readonly path: string;
  /** `node`: a device, fifo or socket. `nameless`: what only a link of /proc leads to, as /dev/stdout to a pipe; `path` is that link. */
  readonly type: 'directory' | 'file' | 'node' | 'nameless';
}

/** undefined if there is none. */
export async function findOnHost(path: string): Promise<HostFile | undefined> {
  try {
    const real = await realpath(path);
    const there = await stat(real);
    // A slash at the end asks for a directory.
    if (path.endsWith('/') && !there.isDirectory()) return undefined;
    return { path: real, type: there.isDirectory() ? 'directory' : there.isFile() ? 'file' : 'node' };
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')))
      throw error;
    // realpath(3) goes by the text of links; what those of /proc say of a pipe or a removed file is no path.
    const isThere = await stat(path).then(
      () => true,
      () => false,
    );
    return isThere ? { path: resolve(path), type: 'nameless' } : undefined;
  }
}

/** A file or tree under another name; '' is what is in a directory. */
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
  /** Everything belongs to who calls, and has no rights of theirs (set-uid and the like). @default as the archive says */
  readonly chown: boolean;
}

/** Into a directory that is there; the archive's links lead nowhere. */
export async function unpackOnHost(archive: AsyncIterable<Uint8Array>, options: UnpackHostOptions): Promise<void> {
  using directory = openDirectory(options.directory);
  // The container said with whose rights its programs run, not who has them now.
  const dropRights = options.chown;
  const owner = options.chown ? { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 } : undefined;
  await unpackTree(
    archive,
    { root: directory.fd, directory: '', links: false },
    { overwrite: options.overwrite, idMaps: NO_ID_MAPS, owner, dropRights, skipDevices: true },
  );
}
