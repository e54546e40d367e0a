/** Control groups, given by their directories: /sys/fs/cgroup/... (cgroups(7)), version 1 and 2. */
import type { Dirent } from 'node:fs';
import { mkdir, readdir, rmdir, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { requireAbsolutePath, requireText } from './arguments.js';
import { binding } from './binding.js';
import { NativeError, unwrap } from './native-error.js';
import { requireOptions, type OptionsOf } from './options.js';

const MAX_FILE_BYTES = 4 * 1024 * 1024;

/** File system types of statfs(2). */
const CGROUP_MAGIC = 0x0027e0eb;
const CGROUP2_MAGIC = 0x63677270;
const ENOTSUP = 95;
const EBUSY = 16;
const ENOTDIR = 20;

/**
 * Reads a file of a cgroup, such as `memory.current` or `cgroup.procs`, and returns its text without the newline at the
 * end. NativeError ENOENT if the file does not exist, EFBIG above 4 MiB; TypeError for a relative path, or an invalid
 * file name.
 */
export async function readCgroupFile(cgroup: string, file: string): Promise<string> {
  const content = unwrap(await binding().readFile([], [], cgroupFile(cgroup, file), MAX_FILE_BYTES));
  return content.toString('utf8').replace(/\n$/, '');
}

/**
 * Writes a value to a file of a cgroup with one write(2). NativeError EINVAL or ERANGE for a value that the controller
 * refuses, ENOENT if the controller is not enabled there, EBUSY; TypeError as for readCgroupFile().
 */
export async function writeCgroupFile(cgroup: string, file: string, value: string | number | bigint): Promise<void> {
  unwrap(await binding().writeFile([], [], cgroupFile(cgroup, file), String(value)));
}

/** Returns the pids of the processes in a cgroup (not in those below it). Errors as for readCgroupFile(). */
export async function cgroupProcesses(cgroup: string): Promise<number[]> {
  const lines = await readCgroupFile(cgroup, 'cgroup.procs');
  return lines === '' ? [] : lines.split('\n').map(Number);
}

/**
 * Makes a cgroup and missing ones above it; an existing cgroup is success. NativeError EOPNOTSUPP outside a cgroup file
 * system, where nothing is made; EACCES, EROFS, EINVAL for a name that is not allowed (`cgroup.x`); TypeError for a
 * relative path.
 */
export async function createCgroup(cgroup: string): Promise<void> {
  requireAbsolute(cgroup);
  const { path, isDirectory } = await nearest(cgroup);
  await requireCgroup(path);
  if (!isDirectory) throw new NativeError({ errno: ENOTDIR, syscall: 'mkdir', path });
  let above = path;
  for (const name of cgroup
    .slice(path.length)
    .split('/')
    .filter((each) => each !== '')) {
    above = join(above, name);
    await asNativeError('mkdir', above, () => makeDirectory(above));
  }
}

/** Makes a directory, unless another process has made it meanwhile. */
async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** Returns the longest part of the path that exists. */
async function nearest(path: string): Promise<{ readonly path: string; readonly isDirectory: boolean }> {
  let isDirectory = false;
  const look = async () => {
    isDirectory = (await stat(path)).isDirectory();
  };
  const gone = await asNativeError('stat', path, () => isGone(look()));
  return gone ? nearest(dirname(path)) : { path, isDirectory };
}

/** Whether the call failed because its path does not exist. */
async function isGone(call: Promise<unknown>): Promise<boolean> {
  try {
    await call;
    return false;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true;
    throw error;
  }
}

export interface RemoveCgroupOptions {
  /**
   * Whether the processes in the cgroup and below it are killed first; EBUSY if one does not end within 10 s.
   * @default false: EBUSY while there are any
   */
  readonly kill?: boolean;
}

const REMOVE: OptionsOf<RemoveCgroupOptions> = { kill: 'boolean' };

/**
 * Removes a cgroup with those below it; one that is gone already is success. NativeError EBUSY while it has processes
 * (see `kill`), and for the top of a hierarchy, which is left as it is; EOPNOTSUPP outside a cgroup file system;
 * TypeError for a relative path.
 */
export async function removeCgroup(cgroup: string, options: RemoveCgroupOptions = {}): Promise<void> {
  requireOptions('removeCgroup options', options, REMOVE);
  requireAbsolute(cgroup);
  try {
    await requireCgroup(cgroup);
    await requireBelowTop(cgroup);
  } catch (error) {
    if (error instanceof NativeError && error.code === 'ENOENT') return;
    throw error;
  }
  if (options.kill === true) unwrap(await binding().removeCgroup(cgroup));
  else await asNativeError('rmdir', cgroup, () => removeEmpty(cgroup));
}

/** Removes a cgroup without processes from the bottom up. Other processes may be removing it as well. */
async function removeEmpty(cgroup: string): Promise<void> {
  let entries: Dirent[] = [];
  const read = async () => {
    entries = await readdir(cgroup, { withFileTypes: true });
  };
  if (await isGone(read())) return;
  for (const entry of entries) {
    if (entry.isDirectory()) await removeEmpty(join(cgroup, entry.name));
  }
  await isGone(rmdir(cgroup));
}

/** Throws EBUSY for the top of a hierarchy, below which are all cgroups of the machine. */
async function requireBelowTop(cgroup: string): Promise<void> {
  const [own, above] = await asNativeError('stat', cgroup, () => Promise.all([stat(cgroup), stat(`${cgroup}/..`)]));
  if (own.dev === above.dev) return;
  throw new NativeError({ errno: EBUSY, syscall: 'rmdir', path: cgroup, detail: 'the top of a hierarchy' });
}

async function requireCgroup(cgroup: string): Promise<void> {
  const { type } = await asNativeError('statfs', cgroup, () => statfs(cgroup));
  if (type === CGROUP_MAGIC || type === CGROUP2_MAGIC) return;
  throw new NativeError({ errno: ENOTSUP, syscall: 'statfs', path: cgroup, detail: 'not a cgroup' });
}

async function asNativeError<T>(syscall: string, path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { errno } = error as NodeJS.ErrnoException;
    if (typeof errno !== 'number') throw error;
    throw new NativeError({ errno: Math.abs(errno), syscall, path });
  }
}

function cgroupFile(cgroup: string, file: string): string {
  requireAbsolute(cgroup);
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.]*$/.test(requireText(file, 'a file of a cgroup')))
    throw new TypeError(`not a file of a cgroup: "${file}"`);
  return join(cgroup, file);
}

function requireAbsolute(cgroup: string): void {
  const path = requireAbsolutePath(cgroup, 'the absolute path of a cgroup');
  if (path.split('/').includes('..')) throw new TypeError(`not the path of a cgroup: "${path}" (it has "..")`);
}
