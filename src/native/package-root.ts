/** Directory of the package, from which the addon, the monitor and other shipped files are found. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

let found: string | undefined;

/**
 * Returns the nearest directory above this module that has tspod's package.json: the code runs from dist/, from a
 * bundle in it, or from out/src/. A package.json with another name on the way (of an application that bundles tspod) is
 * skipped.
 */
export function packageRoot(): string {
  found ??= findRoot(dirname(fileURLToPath(import.meta.url)));
  return found;
}

function findRoot(start: string): string {
  for (let directory = start; ; directory = dirname(directory)) {
    if (isOurs(join(directory, 'package.json'))) return directory;
    if (directory === dirname(directory)) throw new Error(`no package.json of tspod above "${start}"`);
  }
}

function isOurs(path: string): boolean {
  try {
    return (JSON.parse(readFileSync(path, 'utf8')) as { name?: unknown }).name === 'tspod';
  } catch {
    return false;
  }
}
