/** Checks the paths of archives that users name. */
import { statSync } from 'node:fs';

import { TspodError } from '../errors.js';

/**
 * Checks that an archive can be read, before anything is changed. Throws NO_SUCH_FILE; INVALID_ARGUMENT for a
 * directory.
 */
export function checkArchiveFile(path: string): void {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) throw new TspodError('NO_SUCH_FILE', `open ${path}: no such file or directory`);
  if (stat.isDirectory()) throw new TspodError('INVALID_ARGUMENT', `${path} is a directory, not an archive`);
}
