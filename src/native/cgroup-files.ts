/** Control groups, by the directories that they are: /sys/fs/cgroup/... (cgroups(7)), version 1 and 2. */
import { mkdir, readdir, rmdir, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { binding } from './binding.js';
import { NativeError, unwrap } from './native-error.js';

const MAX_FILE_BYTES = 4 * 1024 * 1024;

/** statfs(2) */
const CGROUP_MAGIC = 0x0027e0eb;
const CGROUP2_MAGIC = 0x63677270;
const ENOTSUP = 95;

/**
 * The text of a file of a cgroup, without the newline at its end: `memory.current`, `cgroup.procs`. NativeError ENOENT if there is none,
 * EFBIG above 4 MiB; TypeError for a relative path, or what is no name of such a file.
 */
export async function readCgroupFile(cgroup: string, file: string): Promise<string> {
  const content = unwrap(await binding().readFile([], [], cgroupFile(cgroup, file), MAX_FILE_BYTES));
  return content.toString('utf8').replace(/\n$/, '');
}

/**
 * Writes a value to a file of a cgroup with one write(2). NativeError EINVAL or ERANGE for a value that the controller refuses, ENOENT if
 * the controller is not enabled there, EBUSY; TypeError as of readCgroupFile.
 */
export async function writeCgroupFile(cgroup: string, file: string, value: string | number | bigint): Promise<void> {
  unwrap(await binding().writeFile([], [], cgroupFile(cgroup, file), String(value)));
}

/** The pids of the processes in a cgroup (not in those below it). Errors as of readCgroupFile. */
export async function cgroupProcesses(cgroup: string): Promise<number[]> {
  const lines = await readCgroupFile(cgroup, 'cgroup.procs');
  return lines === '' ? [] : lines.split('\n').map(Number);
}

/**
 * Makes a cgroup and those above it that are missing; one that is there is success. NativeError EOPNOTSUPP outside a cgroup file system, EACCES,
 * EROFS; TypeError for a relative path.
 */
export async function createCgroup(cgroup: string): Promise<void> {
  requireAbsolute(cgroup);
  await asNativeError('mkdir', cgroup, async () => {
    await mkdir(cgroup, { recursive: true });
  });
  try {
    await requireCgroup(cgroup);
  } catch (error) {
    await rmdir(cgroup).catch(() => {}); // the first failure is the one to tell
    throw error;
  }
}

export interface RemoveCgroupOptions {
  /** End the processes in it and below it first; EBUSY if one does not go within 10 s. @default false: EBUSY while there are any */
  readonly kill?: boolean;
}

/** Removes a cgroup with those below it; one that is gone already is success. NativeError EOPNOTSUPP outside a cgroup file system. */
export async function removeCgroup(cgroup: string, options: RemoveCgroupOptions = {}): Promise<void> {
  requireAbsolute(cgroup);
  try {
    await requireCgroup(cgroup);
  } catch (error) {
    if (error instanceof NativeError && error.code === 'ENOENT') return;
    throw error;
  }
  if (options.kill === true) unwrap(await binding().removeCgroup(cgroup));
  else await asNativeError('rmdir', cgroup, () => removeEmpty(cgroup));
}

/** From the bottom up. */
async function removeEmpty(cgroup: string): Promise<void> {
  const entries = await readdir(cgroup, { withFileTypes: true });
  for (const entry of entries) {
    if (entry.isDirectory()) await removeEmpty(join(cgroup, entry.name));
  }
  await rmdir(cgroup);
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
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.]*$/.test(file)) throw new TypeError(`not a file of a cgroup: "${file}"`);
  return join(cgroup, file);
}

function requireAbsolute(cgroup: string): void {
  if (!cgroup.startsWith('/') || cgroup.includes('\0'))
    throw new TypeError(`not the absolute path of a cgroup: "${cgroup}"`);
}
