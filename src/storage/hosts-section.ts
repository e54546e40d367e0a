/**
 * The section at the end of a container's /etc/hosts that changes while the container runs: names of other containers
 * on its networks.
 */
import { closeSync, constants, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';

import type { HostEntry } from '../spec/network/name-options.js';

/** First line of the section; everything before it belongs to the container. */
const MARKER = '# containers on the same networks\n';

/** The container can write to its own file at will; a file larger than this is left alone. */
const MAX_BYTES = 4 * 1024 * 1024;

/** Splits the text into what precedes the section, and the section. */
export function splitSection(text: string): readonly [string, string] {
  const at = text.startsWith(MARKER) ? 0 : text.indexOf(`\n${MARKER}`) + 1;
  return at === 0 && !text.startsWith(MARKER) ? [text, ''] : [text.slice(0, at), text.slice(at)];
}

/** Returns the text with its section replaced. */
export function withSection(text: string, entries: readonly HostEntry[]): string {
  const [head] = splitSection(text);
  if (entries.length === 0) return head;
  const gap = head === '' || head.endsWith('\n') ? '' : '\n';
  return `${head}${gap}${MARKER}${entries.map(({ address, names }) => `${address}\t${names.join(' ')}\n`).join('')}`;
}

/** Returns the text with `line` added before the section. */
export function withLine(text: string, line: string): string {
  const [head, section] = splitSection(text);
  return `${head}${line}${section}`;
}

/**
 * Replaces the section of a file in place, because the file is bind-mounted into a container. Concurrent readers see
 * the old section or the new one, in the worst case truncated. Does nothing if there is no file.
 */
export function updateSection(path: string, entries: readonly HostEntry[]): void {
  changeInPlace(path, (text) => withSection(text, entries));
}

/**
 * Flags to open a file that a container may write. Without O_NONBLOCK the open would wait, up to
 * /proc/sys/fs/lease-break-time (45 s), for a container that holds a lease on its file (fcntl(2), F_SETLEASE).
 */
const OPEN_FLAGS = constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOFOLLOW;

/** Errors for which the file stays as it is: it does not exist, or its container holds a lease on it. */
const LEFT_ALONE = new Set(['ENOENT', 'EAGAIN']);

/**
 * Rewrites a file in place like updateSection(). The only safe way to read a file that a container may have rewritten:
 * its size is limited, and it is not waited for.
 */
export function changeInPlace(path: string, change: (text: string) => string): void {
  let fd;
  try {
    fd = openSync(path, OPEN_FLAGS);
  } catch (error) {
    if (LEFT_ALONE.has((error as NodeJS.ErrnoException).code ?? '')) return;
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
