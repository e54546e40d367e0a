/** Device nodes of the host: the numbers behind a path. */
import { lstatSync, readdirSync, statSync } from 'node:fs';
import type { Stats } from 'node:fs';

export interface DeviceNode {
  readonly path: string;
  /** Character or block device. */
  readonly type: 'c' | 'b';
  readonly major: number;
  readonly minor: number;
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** Limit of a walk through a directory of devices: more levels than devtmpfs has below /dev. */
const MAX_DEPTH = 8;
const MAX_NODES = 4096;

/**
 * Returns the device that a path leads to (links are followed); undefined if it is something else. Throws like stat(2).
 */
export function readDeviceNode(path: string): DeviceNode | undefined {
  return nodeOf(path, statSync(path));
}

function nodeOf(path: string, stats: Stats): DeviceNode | undefined {
  if (!stats.isCharacterDevice() && !stats.isBlockDevice()) return undefined;
  return {
    path,
    type: stats.isCharacterDevice() ? 'c' : 'b',
    ...deviceNumbers(stats.rdev),
    mode: stats.mode & 0o7777,
    uid: stats.uid,
    gid: stats.gid,
  };
}

/** Returns the major and minor number of a dev_t, as glibc and musl encode it (makedev(3)). */
export function deviceNumbers(device: number): { readonly major: number; readonly minor: number } {
  const wide = BigInt(device);
  return {
    major: Number(((wide >> 8n) & 0xfffn) | ((wide >> 32n) & 0xfffff000n)),
    minor: Number((wide & 0xffn) | ((wide >> 12n) & 0xffffff00n)),
  };
}

/** Directories below /dev that are file systems of their own and contain no devices of the machine. */
const SKIPPED = new Set([
  '/dev/pts',
  '/dev/shm',
  '/dev/mqueue',
  '/dev/fd',
  '/dev/.udev',
  '/dev/.lxc',
  '/dev/.lxd-mounts',
]);

/** Returns all device nodes below a directory, without following links. Nodes that vanish meanwhile are left out. */
export function listDeviceNodes(directory: string): readonly DeviceNode[] {
  const nodes: DeviceNode[] = [];
  walk(directory, 0, nodes);
  return nodes;
}

function walk(directory: string, depth: number, nodes: DeviceNode[]): void {
  if (depth > MAX_DEPTH || SKIPPED.has(directory)) return;
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = `${directory}/${entry.name}`;
    if (entry.isDirectory()) walk(path, depth + 1, nodes);
    else if (entry.isCharacterDevice() || entry.isBlockDevice()) {
      const node = lstatNode(path);
      if (node !== undefined && nodes.length < MAX_NODES) nodes.push(node);
    }
  }
}

function lstatNode(path: string): DeviceNode | undefined {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return stats === undefined ? undefined : nodeOf(path, stats);
}
