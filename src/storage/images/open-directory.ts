/** A directory of the engine's own, held by a descriptor. */
import { openSync } from 'node:fs';

import { O_DIRECTORY, O_PATH, ownFd, type OwnedFd } from '../../native/directory-entries.js';

export function openDirectory(path: string): OwnedFd {
  return ownFd(openSync(path, O_PATH | O_DIRECTORY));
}
