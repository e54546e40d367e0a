/** A reboot, as the store of a test sees it: no process, cgroup or mount of it is left, its run directory is empty, and the boot has another name. */
import { spawnSync } from 'node:child_process';
import { readdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';

import { killHard } from './processes.js';
import { remains, type Territory } from './leaks.js';

export interface RebootOptions {
  /** The run directory is on a disk, and is as it was. @default false */
  readonly keepsRunRoot?: boolean;
}

/** Engines that are open must not be used any more. */
export async function reboot(territory: Territory, options: RebootOptions = {}): Promise<void> {
  await powerOff(territory, options);
  forgetBoot(territory);
}

/** All but that the boot has another name. */
export async function powerOff(territory: Territory, { keepsRunRoot = false }: RebootOptions = {}): Promise<void> {
  const found = (kind: string) =>
    remains(territory)
      .filter((line) => line.startsWith(`${kind} `))
      .map((line) => line.split(' ')[1] ?? '');
  for (const cgroup of found('cgroup')) thaw(cgroup);
  // A monitor that ends in the meantime takes others along.
  for (let pids = found('process'); pids.length > 0; pids = found('process'))
    for (const pid of pids) await killHard(Number(pid)).catch(ignoreGone);
  for (const cgroup of found('cgroup')) removeCgroup(cgroup);
  for (const mount of [...found('mount'), join(territory.runRoot, 'hide')])
    spawnSync('umount', ['--recursive', '--lazy', mount], { stdio: 'ignore' });
  if (!keepsRunRoot) rmSync(territory.runRoot, { recursive: true });
}

function ignoreGone(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
}

/** A frozen process of cgroup version 1 does not die. */
function thaw(cgroup: string): void {
  try {
    writeFileSync(join(cgroup, 'freezer.state'), 'THAWED', { flag: 'r+' });
  } catch {
    // another hierarchy
  }
}

function removeCgroup(path: string): void {
  for (const entry of readdirSync(path, { withFileTypes: true }))
    if (entry.isDirectory()) removeCgroup(join(path, entry.name));
  rmdirSync(path);
}

export function forgetBoot({ root }: Pick<Territory, 'root'>): void {
  const database = new Database(join(root, 'tspod.db'));
  const { changes } = database.prepare("UPDATE meta SET value = 'another boot' WHERE key = 'boot_id'").run();
  database.prepare("DELETE FROM meta WHERE key = 'images_boot_id'").run();
  database.close();
  if (changes !== 1) throw new RangeError('the store knows of no boot');
}
