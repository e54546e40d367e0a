/** Finds other OCI runtimes on this machine. */
import { accessSync, constants } from 'node:fs';

/** Directories that are searched, in this order, whatever PATH says: the program runs with all rights. */
const DIRECTORIES = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** Returns the executable of a runtime that is given by name or absolute path; undefined if there is none. */
export function findRuntime(name: string): string | undefined {
  const candidates = name.startsWith('/') ? [name] : DIRECTORIES.map((directory) => `${directory}/${name}`);
  return candidates.find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
