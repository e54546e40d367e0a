/** Paths on the command line. */
import { resolve } from 'node:path';

import { invalid } from './errors/cli-error.js';

/** Returns the absolute form of a path. Throws CliError if it is relative and the working directory has been removed. */
export function resolvePath(path: string): string {
  try {
    return resolve(path);
  } catch {
    throw invalid(`getting absolute path of ${path}: getwd: no such file or directory`);
  }
}
