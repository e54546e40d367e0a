/**
 * Finds sources of mounts that lie where the container itself may write: at its next launch, the container may have put
 * something else there by that name.
 */
import { lstatSync, readlinkSync, statSync, type BigIntStats } from 'node:fs';

import type { OciMount } from '../../oci/spec.js';
import type { SourcePlace } from '../../plan/open-source.js';
import type { ContainerConfig } from '../../spec/config.js';
import { isReadOnly } from '../../spec/files/mounts.js';
import { parentOf } from '../../util/paths.js';

/** Limit of symbolic links, the same as the kernel's. */
const MAX_LINKS = 40;

/**
 * Returns the places of sources that lie in a directory which the container may write to, by the paths of the sources.
 * `root`: a directory that the container has as its root, and writes to.
 */
export function sourcePlaces(mounts: readonly OciMount[], root: string | undefined): ReadonlyMap<string, SourcePlace> {
  const sources = new Set(mounts.filter((mount) => isBind(mount) || isOverlay(mount)).map(({ source = '' }) => source));
  const written = mounts.filter((mount) => isBind(mount) && !isReadOnly(mount)).map(({ source = '' }) => source);
  const paths = root === undefined ? written : [...written, root];
  const tops = new Set(paths.map(directoryKey).filter((key) => key !== undefined));
  // The whole tree lies in /, and no link leads out of it.
  tops.delete(directoryKey('/') ?? '');
  if (tops.size === 0) return new Map();
  const places = [...sources].map((source) => [source, placeOf(source, tops)] as const);
  return new Map(places.filter((found): found is [string, SourcePlace] => found[1] !== undefined));
}

/** Returns the directory of the host that the container writes to as its root; undefined if there is none. */
export function writtenRoot({ root, readOnly }: Pick<ContainerConfig, 'root' | 'readOnly'>): string | undefined {
  return root.kind === 'directory' && !root.overlay && !readOnly ? root.path : undefined;
}

function isBind({ type, options = [] }: OciMount): boolean {
  return type === 'bind' || options.includes('bind') || options.includes('rbind');
}

/** Whether a mount is an overlay of a directory of the host, and not of an image. */
function isOverlay({ type, source = '' }: OciMount): boolean {
  return type === 'overlay' && source.startsWith('/');
}

/** Returns a key of a directory, which is the same for every path of it. */
function directoryKey(path: string): string | undefined {
  const stats = statsOf(path, statSync);
  return stats?.isDirectory() === true ? keyOf(stats) : undefined;
}

/** Returns the stats of a file; undefined if they cannot be had: then the file cannot be mounted either. */
function statsOf(path: string, look: typeof statSync): BigIntStats | undefined {
  try {
    return look(path, { bigint: true });
  } catch {
    return undefined;
  }
}

function keyOf({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`;
}

/**
 * Walks to the source as the kernel would, up to the first directory that the container may write to. What is above
 * that is not the container's, and is looked up anew at each launch, as it was given: links there are the user's.
 */
function placeOf(source: string, tops: ReadonlySet<string>): SourcePlace | undefined {
  const given = source.split('/').filter(Boolean);
  const pending = [...given];
  /** How many of the given components are pending; any more come from a link. */
  let left = given.length;
  let links = 0;
  for (let at = '/'; ;) {
    const name = pending.shift();
    if (name === undefined) return undefined;
    if (pending.length < left) left = pending.length;
    if (name === '..') at = parentOf(at);
    else if (name !== '.') {
      const next = at === '/' ? `/${name}` : `${at}/${name}`;
      const stats = statsOf(next, lstatSync);
      // Links in procfs lead elsewhere than their text says.
      if (stats === undefined || next.startsWith('/proc/')) return undefined;
      if (stats.isSymbolicLink()) {
        links += 1;
        if (links > MAX_LINKS) return undefined;
        const target = readlinkSync(next);
        if (target.startsWith('/')) at = '/';
        pending.unshift(...target.split('/').filter(Boolean));
        continue;
      }
      at = next;
      if (pending.length > 0 && tops.has(keyOf(stats)))
        return {
          top: pending.length > left ? at : `/${given.slice(0, given.length - left).join('/')}`,
          path: pending.join('/'),
        };
    }
  }
}
