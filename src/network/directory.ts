/**
 * The directory of network configurations: read at any time, written under a lock, and each file is either complete or
 * missing.
 */
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  writeSync,
} from 'node:fs';

import { TspodError } from '../errors.js';
import { lock } from '../native/file-lock.js';
import { unlinkIfThere } from '../native/if-there.js';
import { isName } from '../spec/checks/names.js';
import { MAX_NETWORK_FILE, networkFileText, parseNetworkFile, type Network } from './network-file.js';

/** Maximum number of files that are read: far more networks than a host can have. */
const MAX_NETWORKS = 8192;

/** Podman reads files that end in .json, and ignores this one. */
const LOCK_FILE = '.tspod.lock';
const TEMPORARY = /^\.tspod-.*\.tmp$/;

/** Returns the network of this name; undefined if there is none. Throws NETWORK_BROKEN. */
export function readNetwork(directory: string, name: string): Network | undefined {
  if (!isName(name)) return undefined;
  const path = `${directory}/${name}.json`;
  const text = readBounded(path);
  if (text === undefined) return undefined;
  const network = parseNetworkFile(path, text);
  if (network.name === name) return network;
  throw new TspodError(
    'NETWORK_BROKEN',
    `network config ${path}: its name does not match that of its file: ${network.name}`,
    {
      details: { path },
    },
  );
}

/** Returns all networks that can be read, sorted by name. Invalid files are left out, as in Podman. */
export function readNetworks(directory: string): readonly Network[] {
  return fileNames(directory)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .slice(0, MAX_NETWORKS)
    .flatMap((name) => {
      try {
        return readNetwork(directory, name.slice(0, -'.json'.length)) ?? [];
      } catch {
        return [];
      }
    });
}

/** Runs `body` while no other tspod process changes the directory, which is created if it is missing. */
export async function withNetworkLock<T>(directory: string, body: () => T | Promise<T>): Promise<T> {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o755 });
  } catch (error) {
    throw unwritable(directory, error);
  }
  let held;
  try {
    held = await lock(`${directory}/${LOCK_FILE}`);
  } catch (error) {
    throw unwritable(directory, error);
  }
  try {
    return await body();
  } finally {
    held.release();
  }
}

/**
 * Writes the file of a new network; call it under the lock. Throws NETWORK_EXISTS, also if Podman has created the
 * network meanwhile.
 */
export function writeNetwork(directory: string, network: Network): void {
  removeTemporaries(directory);
  const path = `${directory}/${network.name}.json`;
  const temporary = `${directory}/.tspod-${network.name}.tmp`;
  try {
    writeWhole(temporary, networkFileText(network));
    linkSync(temporary, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw networkExists(network.name);
    throw unwritable(directory, error);
  } finally {
    unlinkIfThere(temporary);
  }
}

/** Rewrites the file of a network; call it under the lock. */
export function replaceNetwork(directory: string, network: Network): void {
  removeTemporaries(directory);
  const temporary = `${directory}/.tspod-${network.name}.tmp`;
  try {
    writeWhole(temporary, networkFileText(network));
    renameSync(temporary, `${directory}/${network.name}.json`);
  } catch (error) {
    throw unwritable(directory, error);
  }
}

/** Removes the file of a network if it exists; call it under the lock. */
export function removeNetworkFile(directory: string, name: string): void {
  try {
    unlinkIfThere(`${directory}/${name}.json`);
  } catch (error) {
    throw unwritable(directory, error);
  }
}

export function networkExists(name: string): TspodError {
  return new TspodError('NETWORK_EXISTS', `network name ${name} already used: network already exists`, {
    details: { name },
  });
}

/** Removes temporary files of processes that were killed: only the holder of the lock writes any. */
function removeTemporaries(directory: string): void {
  for (const name of fileNames(directory)) if (TEMPORARY.test(name)) unlinkIfThere(`${directory}/${name}`);
}

function writeWhole(path: string, text: string): void {
  const fd = openSync(path, 'wx', 0o644);
  try {
    writeSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function fileNames(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw unwritable(directory, error);
  }
}

/** Reads a regular file of limited size; undefined if there is none. Opening a FIFO does not block. */
function readBounded(path: string): string | undefined {
  let fd;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw broken(path, (error as Error).message);
  }
  try {
    const { size } = fstatRegular(fd, path);
    if (size > MAX_NETWORK_FILE) throw broken(path, `it is longer than ${MAX_NETWORK_FILE} bytes`);
    const buffer = Buffer.alloc(size);
    const length = readSync(fd, buffer, 0, size, 0);
    return buffer.toString('utf8', 0, length);
  } finally {
    closeSync(fd);
  }
}

function fstatRegular(fd: number, path: string): { readonly size: number } {
  const stat = fstatSync(fd);
  if (!stat.isFile()) throw broken(path, 'it is not a regular file');
  return stat;
}

function broken(path: string, why: string): TspodError {
  return new TspodError('NETWORK_BROKEN', `network config ${path}: ${why}`, { details: { path } });
}

function unwritable(directory: string, error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC') return new TspodError('DISK_FULL', `no space left for ${directory}`, { cause: error });
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS' || code === 'ENOTDIR')
    return new TspodError('PERMISSION_DENIED', `network configs in ${directory}: ${(error as Error).message}`, {
      cause: error,
    });
  return error;
}
