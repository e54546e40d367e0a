/** The part of a container's /etc/hosts that changes while it runs: names of others on its networks, behind everything else. */
import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';

import type { HostEntry } from '../spec/network/name-options.js';

/** Where the part begins: what is in front of it belongs to the container. */
const MARKER = '# containers on the same networks\n';

/** A container may write what it likes to its own file; one that is longer is left alone. */
const MAX_BYTES = 4 * 1024 * 1024;

/** What is in front of the part, and the part. */
export function splitSection(text: string): readonly [string, string] {
  const at = text.startsWith(MARKER) ? 0 : text.indexOf(`\n${MARKER}`) + 1;
  return at === 0 && !text.startsWith(MARKER) ? [text, ''] : [text.slice(0, at), text.slice(at)];
}

/** The text with this part in place of the one that it had. */
export function withSection(text: string, entries: readonly HostEntry[]): string {
  const [head] = splitSection(text);
  if (entries.length === 0) return head;
  const gap = head === '' || head.endsWith('\n') ? '' : '\n';
  return `${head}${gap}${MARKER}${entries.map(({ address, names }) => `${address}\t${names.join(' ')}\n`).join('')}`;
}

/** The text with a line more in front of the part that changes. */
export function withLine(text: string, line: string): string {
  const [head, section] = splitSection(text);
  return `${head}${line}${section}`;
}

/**
 * Changes the file in its place, since it is bound into a container: who reads it meanwhile sees the old part or the new one, at worst cut off. Does nothing
 * where there is no file.
 */
export function updateSection(path: string, entries: readonly HostEntry[]): void {
  changeInPlace(path, (text) => withSection(text, entries));
}

/** Changes a file that is bound into a container as updateSection() does: the one way to read what a container may have made of it. */
export function changeInPlace(path: string, change: (text: string) => string): void {
  let fd;
  try {
    fd = openSync(path, 'r+');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  try {
    const { size } = fstatSync(fd);
    if (size > MAX_BYTES) return;
    const old = Buffer.alloc(size);
    const length = readSync(fd, old, 0, size, 0);
    const text = old.toString('latin1', 0, length);
    const changed = change(text);
    if (changed === text) return;
    const bytes = Buffer.from(changed, 'latin1');
    writeSync(fd, bytes, 0, bytes.length, 0);
    ftruncateSync(fd, bytes.length);
  } finally {
    closeSync(fd);
  }
}
