/** Who a container's command runs as, where another runtime needs it in numbers: looked up in the layers of its root. */
import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from 'node:fs';

import { lookUpAccount, type Account } from '../../spec/users/account-lookup.js';

/** The directories that the root is made of, the one that counts first. */
export type RootLayers = readonly string[];

/** What is longer is no file of users. */
const MAX_BYTES = 8 * 1024 * 1024;

/** `user` is user[:group], names or numbers; '' is root. Throws NO_SUCH_USER. */
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

/** Undefined if the layer has no such file. A link is none: where it leads only the mounted root could tell. */
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
