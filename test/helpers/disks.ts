/** Small disks for stores: file systems in a file or in memory, which can be full or read-only. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  rmSync,
  statfsSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';

import { storeOf } from './cli.js';
import { powerCutPath } from './probe.js';
import { temporaryDirectory } from './temp.js';

interface DiskOptions {
  /** Flags of mkfs.ext4. */
  readonly format?: readonly string[];
  /** Of the mount. */
  readonly options?: readonly string[];
}

/** An ext4 of so many MiB; where it is mounted. Unmounted when all that the test has registered before is done: call it before `storeOf`. Needs `mkfs.ext4`. */
export function mountDisk(
  t: ExecutionContext<unknown>,
  mib: number,
  { format = [], options = [] }: DiskOptions = {},
): string {
  const base = temporaryDirectory(t, 'tspod-disk-');
  const [image, path] = [join(base, 'image'), join(base, 'mount')];
  mkdirSync(path);
  writeFileSync(image, '');
  truncateSync(image, mib * 1024 * 1024);
  execFileSync('mkfs.ext4', ['-q', '-m', '0', ...format, image]);
  execFileSync('mount', ['-o', ['loop', ...options].join(), image, path]);
  t.teardown(() => unmount(path));
  return path;
}

const LOOKS = 100;

/** What a process that was killed had open there is closed in a moment. */
function unmount(path: string): void {
  for (let look = 1; ; look += 1) {
    const { status, stderr } = spawnSync('umount', [path], { encoding: 'utf8' });
    if (status === 0) return;
    if (look === LOOKS)
      throw new Error(`${stderr}${spawnSync('lsof', ['+f', '--', path], { encoding: 'utf8' }).stdout}`);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
  }
}

/** A disk whose power can be cut: see mountDisk(). */
export interface Disk {
  readonly path: string;
  /** What was not synced is lost; until `again`, nothing can be written or read that is not in memory. */
  readonly cut: () => void;
  /** Mounts it again. Nobody has anything open on it. */
  readonly again: () => void;
}

/** An ext4 that writes its journal each second, so that a cut finds some of what was done on the disk and some not. */
export function mountFragileDisk(t: ExecutionContext<unknown>, mib: number): Disk {
  const path = mountDisk(t, mib, { options: OFTEN });
  let image = join(path, '../image');
  return {
    path,
    cut: () => void execFileSync(powerCutPath(), [path]),
    again: () => {
      unmount(path);
      // Where another mount namespace has a copy of the mount, the kernel would give us that one, dead as it is.
      const copy = `${image}.again`;
      execFileSync('cp', ['--sparse=always', image, copy]);
      rmSync(image);
      image = copy;
      execFileSync('mount', ['-o', ['loop', ...OFTEN].join(), image, path]);
    },
  };
}

/** The journal is written each second. */
const OFTEN = ['commit=1'];

/** A tmpfs with these options, as mountDisk(). */
export function mountMemory(t: ExecutionContext<unknown>, options: string): string {
  const path = join(temporaryDirectory(t, 'tspod-memory-'), 'mount');
  mkdirSync(path);
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tspod-test', path]);
  t.teardown(() => unmount(path));
  return path;
}

/** Takes all bytes of a disk, or all its inodes. Answers what gives them back. */
export function fill(disk: string, what: 'bytes' | 'inodes'): () => void {
  const directory = join(disk, 'fill');
  mkdirSync(directory);
  if (what === 'bytes') fillBytes(disk, directory);
  else fillInodes(directory);
  return () => rmSync(directory, { recursive: true });
}

function fillBytes(disk: string, directory: string): void {
  const fd = openSync(join(directory, 'bytes'), 'w');
  for (const size of [1 << 20, 1 << 16, 4096, 1024, 1]) {
    const bytes = Buffer.alloc(size);
    untilFull(() => writeSync(fd, bytes));
    // It was promised blocks that are not needed: they are free again now.
    fsyncSync(fd);
  }
  closeSync(fd);
  assert.equal(statfsSync(disk).bavail, 0, `blocks of ${disk}`);
}

function fillInodes(directory: string): void {
  let count = 0;
  untilFull(() => {
    writeFileSync(join(directory, String(count)), '');
    return (count += 1);
  });
}

/** Ends as well when it has done nothing. */
function untilFull(step: () => number): void {
  try {
    while (step() > 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}

/** The test's store on a disk of its own. To be called before anything else is done with the store. Answers its directory. */
export function storeOn(t: ExecutionContext<unknown>, disk: string): string {
  const root = join(disk, 'root');
  storeOf(t).env['TSPOD_ROOT'] = root;
  return root;
}
