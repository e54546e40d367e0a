/** Small disks for stores: file systems in a file, which can be full or read-only. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';

import { storeOf } from './cli.js';
import { temporaryDirectory } from './temp.js';

/** An ext4 of so many MiB; where it is mounted. Unmounted when all that the test has registered before is done: call it before `storeOf`. Needs `mkfs.ext4`. */
export function mountDisk(t: ExecutionContext<unknown>, mib: number): string {
  const base = temporaryDirectory(t, 'tspod-disk-');
  const [image, path] = [join(base, 'image'), join(base, 'mount')];
  mkdirSync(path);
  writeFileSync(image, '');
  truncateSync(image, mib * 1024 * 1024);
  execFileSync('mkfs.ext4', ['-q', '-m', '0', image]);
  execFileSync('mount', ['-o', 'loop', image, path]);
  t.teardown(() => execFileSync('umount', [path]));
  return path;
}

/** The test's store on a disk of its own. To be called before anything else is done with the store. Answers its directory. */
export function storeOn(t: ExecutionContext<unknown>, disk: string): string {
  const root = join(disk, 'root');
  storeOf(t).env['TSPOD_ROOT'] = root;
  return root;
}
