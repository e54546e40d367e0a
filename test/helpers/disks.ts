/** Small disks for stores: file systems in a file, or in memory, that can be full or read-only. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, truncateSync, writeFileSync, writeSync, openSync, closeSync, fsyncSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';

import { storeOf, type TestStore } from './cli.js';
import { temporaryDirectory } from './temp.js';

export interface Disk {
  readonly path: string;
  /** Remounts it. */
  readonly set: (mode: 'ro' | 'rw') => void;
  /** Takes all space but so many bytes; again: that many. */
  readonly fill: (left?: number) => void;
  /** Gives the space back. */
  readonly empty: () => void;
}

/** An ext4 of so many MiB, or a tmpfs with these options. Unmounted when all that the test has registered before is done: call it before `storeOf`. */
export function mountDisk(
  t: ExecutionContext<unknown>,
  what: { readonly ext4Mib: number } | { readonly tmpfs: string },
): Disk {
  const base = temporaryDirectory(t, 'tspod-disk-');
  const path = join(base, 'mount');
  mkdirSync(path);
  if ('tmpfs' in what) execFileSync('mount', ['-t', 'tmpfs', '-o', what.tmpfs, 'tspod-test', path]);
  else {
    const image = join(base, 'image');
    writeFileSync(image, '');
    truncateSync(image, what.ext4Mib * 1024 * 1024);
    execFileSync('mkfs.ext4', ['-q', '-m', '0', image]);
    execFileSync('mount', ['-o', 'loop', image, path]);
  }
  t.teardown(() => execFileSync('umount', [path]));
  const filler = join(path, 'filler');
  const empty = () => {
    rmSync(filler, { force: true });
  };
  return {
    path,
    set: (mode) => execFileSync('mount', ['-o', `remount,${mode}`, path]),
    fill: (left = 0) => {
      empty();
      fillFile(filler);
      if (left > 0) truncateSync(filler, Math.max(0, sizeOfWritten(filler) - left));
    },
    empty,
  };
}

function fillFile(path: string): void {
  const fd = openSync(path, 'w');
  try {
    for (const block of [1 << 20, 1 << 12, 1]) {
      try {
        for (;;) writeSync(fd, Buffer.alloc(block));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
    }
    try {
      fsyncSync(fd);
    } catch {
      // delayed allocation that finds no room either
    }
  } finally {
    closeSync(fd);
  }
}

function sizeOfWritten(path: string): number {
  return Number(execFileSync('stat', ['-c', '%s', path], { encoding: 'utf8' }));
}

/** The test's store on a disk of its own: its root, or its run directory. To be called before anything else is done with the store. */
export function storeOn(t: ExecutionContext<unknown>, disk: Disk, which: 'root' | 'runRoot'): TestStore {
  const store = storeOf(t);
  const path = join(disk.path, which);
  store.env[which === 'root' ? 'TSPOD_ROOT' : 'TSPOD_RUNROOT'] = path;
  return store;
}
