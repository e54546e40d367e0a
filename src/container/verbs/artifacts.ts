/** Named files that are kept beside a container, in its static directory, and removed with it. */
import { mkdirSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { TspodError } from '../../errors.js';
import { unlinkIfThere } from '../../native/if-there.js';
import { ensureContainerDirectory } from '../../storage/layers.js';
import { noSuchContainer } from '../../state/lookup.js';
import { containerPaths } from '../../storage/paths.js';
import { NO_SPACE } from '../../util/errno.js';
import type { EngineContext } from '../context.js';
import { flushBeforeFiles } from '../settle/flush.js';
import { withContainer } from '../held.js';

/** Limit of a name: some room is left for the name of the file while it is written. */
const MAX_NAME = 200;

/** Largest artifact, in bytes. */
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * Stores an artifact, or replaces it. Throws INVALID_ARGUMENT for a bad name or too many bytes, STATE_INVALID while the
 * container is removed, DISK_FULL.
 */
export async function addArtifact(
  context: EngineContext,
  id: string,
  { name, data }: { readonly name: string; readonly data: string | Uint8Array },
): Promise<void> {
  checkArtifactName(name);
  if (Buffer.byteLength(data) > MAX_BYTES)
    throw new TspodError(
      'INVALID_ARGUMENT',
      `artifact ${JSON.stringify(name)} is larger than ${String(MAX_BYTES)} bytes`,
    );
  await withContainer(context, id, (held) => {
    held.require('update');
    const directory = artifactDirectory(context, id);
    flushBeforeFiles(held);
    ensureContainerDirectory(held.paths, held.config);
    mkdirSync(directory, { mode: 0o700, recursive: true });
    // Whoever reads the artifact sees the old one or the new one. What a crash leaves under this name is replaced the
    // next time.
    const unready = join(directory, `.${name}.new`);
    try {
      writeFileSync(unready, data, { mode: 0o600 });
    } catch (error) {
      unlinkIfThere(unready);
      if (!NO_SPACE.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
      throw new TspodError('DISK_FULL', `no space left for artifact ${JSON.stringify(name)}`, { cause: error });
    }
    renameSync(unready, join(directory, name));
  });
}

/** Reads an artifact. Throws INVALID_ARGUMENT for a bad name, NO_SUCH_FILE. */
export function getArtifact(context: EngineContext, id: string, name: string): Buffer {
  checkArtifactName(name);
  if (context.store.get(id) === undefined) throw noSuchContainer(id);
  try {
    return readFileSync(join(artifactDirectory(context, id), name));
  } catch (error) {
    throw missing(id, name, error);
  }
}

/**
 * Removes an artifact. Throws INVALID_ARGUMENT for a bad name, NO_SUCH_FILE, STATE_INVALID while the container is
 * removed.
 */
export async function removeArtifact(context: EngineContext, id: string, name: string): Promise<void> {
  checkArtifactName(name);
  await withContainer(context, id, (held) => {
    held.require('update');
    try {
      unlinkSync(join(artifactDirectory(context, id), name));
    } catch (error) {
      throw missing(id, name, error);
    }
  });
}

function artifactDirectory({ directories }: EngineContext, id: string): string {
  return join(containerPaths(directories, id).directory, 'artifacts');
}

/** Checks a name that becomes the name of a file: no separator, and nothing that begins with a dot. */
function checkArtifactName(name: string): void {
  if (name.length <= MAX_NAME && /^[a-zA-Z0-9_][a-zA-Z0-9_.-]*$/.test(name)) return;
  throw new TspodError(
    'INVALID_ARGUMENT',
    `invalid artifact name ${JSON.stringify(name)}: must be 1 to ${String(MAX_NAME)} letters, digits, dots, dashes or underscores, and not begin with a dot or dash`,
  );
}

function missing(id: string, name: string, error: unknown): unknown {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') return error;
  return new TspodError('NO_SUCH_FILE', `container ${id} has no artifact ${JSON.stringify(name)}`, { cause: error });
}
