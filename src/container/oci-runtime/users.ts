/**
 * Looks up the user that a container's command runs as in the layers of its root, since another runtime needs numbers.
 */
import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from 'node:fs';

import { lookUpAccount, type Account } from '../../spec/users/account-lookup.js';

/** The directories that the root is made of, the uppermost first. */
export type RootLayers = readonly string[];

/** Limit of a file of users, in bytes; a longer file counts as empty. */
const MAX_BYTES = 8 * 1024 * 1024;

/** Returns the account of `user`, which is user[:group], names or numbers; '' is root. Throws NO_SUCH_USER. */
export function lookUpUser(layers: RootLayers, user: string, extraGroups: readonly string[]): Account {
  return lookUpAccount({ passwd: textOf(layers, 'passwd'), group: textOf(layers, 'group') }, user, extraGroups);
}

function textOf(layers: RootLayers, name: string): string {
  for (const layer of layers) {
    const text = readPlainFile(`${layer}/etc`, name);
    if (text !== undefined) return text;
  }
  return '';
}

/**
 * Reads a file of a layer. Returns undefined if the layer has no such file. A link does not count: only the mounted
 * root could tell where it leads.
 */
function readPlainFile(directory: string, name: string): string | undefined {
  let fd;
  try {
    if (!lstatSync(directory).isDirectory()) return undefined;
    fd = openSync(`${directory}/${name}`, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    // A whiteout: a lower layer's file was deleted.
    return (error as NodeJS.ErrnoException).code === 'ENXIO' ? '' : undefined;
  }
  try {
    const status = fstatSync(fd);
    if (!status.isFile() || status.size > MAX_BYTES) return '';
    const content = Buffer.alloc(status.size);
    return content.toString('utf8', 0, readSync(fd, content, 0, status.size, 0));
  } finally {
    closeSync(fd);
  }
}
