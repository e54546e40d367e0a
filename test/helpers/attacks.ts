/** What security tests share: hostile roots and processes, things of the host that must stay as they are, and peers that fall for an attack. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';

import { isTspodError } from '../../src/index.js';
import { busyboxRoot } from './busybox.js';
import { attackerPath } from './probe.js';
import { endsWithTest } from './processes.js';
import { has } from './requires.js';
import { temporaryDirectory } from './temp.js';

/** How often a test that races tries; `npm run test:security -- --rounds N`. */
export const ROUNDS = Number(process.env['TSPOD_SECURITY_ROUNDS'] ?? '50');

/** What it answers, or undefined if it was refused: any other failure is one of the test. */
export async function unlessRefused<T>(
  work: Promise<T>,
  isRefusal: (error: unknown) => boolean = (error) => isTspodError(error),
): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return undefined;
  }
}

/** Does it ROUNDS times, and answers the results of those that were not refused. Fails if all were: then nothing was tried. */
export async function runRounds<T extends object | string>(
  t: ExecutionContext<unknown>,
  run: (round: number) => Promise<T>,
  isRefusal?: (error: unknown) => boolean,
): Promise<readonly T[]> {
  const results: T[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const result = await unlessRefused(run(round), isRefusal);
    if (result !== undefined) results.push(result);
  }
  t.not(results.length, 0, `none of ${ROUNDS} rounds ran`);
  return results;
}

/** busyboxRoot() with the attacker in it. */
export function attackersRoot(t: ExecutionContext<unknown>): string {
  const root = busyboxRoot(t);
  copyFileSync(attackerPath(), join(root, 'bin/attacker'));
  return root;
}

/** Lets two paths of the host take each other's place, again and again, until the test ends. */
export function swapper(t: ExecutionContext<unknown>, one: string, other: string): ChildProcess {
  const racer = spawn(attackerPath(), ['swap', one, other], { stdio: 'ignore' });
  endsWithTest(t, racer);
  return racer;
}

export interface Sentinel {
  readonly path: string;
  /** Fails unless all is as it was: names, types, modes, owners, times, contents. */
  readonly unchanged: (what?: string) => void;
}

/** A directory of the host that no container has to do with: what an attack would reach. */
export function sentinel(t: ExecutionContext<unknown>, files: readonly string[] = ['secret']): Sentinel {
  const path = temporaryDirectory(t, 'tspod-sentinel-');
  chmodSync(path, 0o750);
  mkdirSync(join(path, 'sub'), { mode: 0o710 });
  for (const name of [...files, 'sub/inner']) writeFileSync(join(path, name), `of the host: ${name}`, { mode: 0o640 });
  const before = listing(path);
  return { path, unchanged: (what = 'the sentinel') => t.deepEqual(listing(path), before, what) };
}

/** One line for each thing below a directory, itself included. */
export function listing(path: string): readonly string[] {
  const walk = (at: string): string[] => {
    const { mode, uid, gid, mtimeMs, nlink, rdev, size } = lstatSync(at);
    const kind = mode & 0o170000;
    const line = `${at} ${mode.toString(8)} ${uid}:${gid} ${mtimeMs} ${nlink} ${rdev}`;
    if (kind === 0o040000)
      return [
        line,
        ...readdirSync(at)
          .toSorted()
          .flatMap((name) => walk(join(at, name))),
      ];
    if (kind === 0o120000) return [`${line} -> ${readlinkSync(at)}`];
    return [`${line} ${size} ${kind === 0o100000 ? readFileSync(at, 'latin1') : ''}`];
  };
  return walk(path);
}

/** What an attack by way of /proc or /sys would change of the host. */
const HOST_FILES = [
  'kernel/core_pattern',
  'kernel/core_pipe_limit',
  'kernel/sysrq',
  'kernel/modprobe',
  'kernel/hotplug',
  'kernel/poweroff_cmd',
  'kernel/hostname',
  'kernel/domainname',
  'kernel/shmmax',
  'kernel/sem',
  'kernel/panic',
  'kernel/kptr_restrict',
  'fs/suid_dumpable',
  'vm/overcommit_memory',
  'vm/mmap_min_addr',
  'net/ipv4/ip_forward',
];

/** Parameters of this machine; compared before and after. */
export function hostParameters(): readonly string[] {
  return HOST_FILES.map((name) => {
    try {
      return `${name}=${readFileSync(`/proc/sys/${name}`, 'utf8')}`;
    } catch {
      return `${name} is not there`;
    }
  });
}

/** Mount points of this process's namespace at or below a directory. */
export function hostMountsBelow(directory: string): readonly string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((point) => point === directory || point.startsWith(`${directory}/`));
}

export interface Bundle {
  readonly root: string;
  readonly args: readonly string[];
  readonly mounts?: readonly object[];
}

/**
 * Runs the same attack on another runtime, to see that it is one: true if it was run, whatever came of it. The peers' versions are those of
 * Debian 12, which fall for some; where none is installed the rest of the test counts all the same.
 */
export function runOnPeer(t: ExecutionContext<unknown>, peer: 'crun' | 'runc', bundle: Bundle): boolean {
  if (!has(peer)) {
    t.log(`${peer} is not installed: the attack was not tried on it`);
    return false;
  }
  const directory = temporaryDirectory(t, `tspod-${peer}-`);
  const spec = {
    ociVersion: '1.0.2',
    root: { path: bundle.root },
    process: { cwd: '/', args: bundle.args, env: ['PATH=/bin'], user: { uid: 0, gid: 0 } },
    mounts: bundle.mounts ?? [{ destination: '/proc', type: 'proc', source: 'proc' }],
    linux: { namespaces: ['mount', 'pid', 'ipc', 'uts', 'network'].map((type) => ({ type })) },
  };
  writeFileSync(join(directory, 'config.json'), JSON.stringify(spec));
  const name = `tspod-test-${directory.slice(-6)}`;
  const manager = peer === 'crun' ? ['--cgroup-manager=disabled'] : [];
  // crun refuses a hybrid layout of cgroups: it is given a view without the unified hierarchy.
  const inView = 'umount /sys/fs/cgroup/unified 2>/dev/null; exec "$@"';
  const call = (...args: readonly string[]) =>
    spawnSync(
      'unshare',
      ['-m', 'sh', '-c', inView, 'sh', peer, '--root', join(directory, 'state'), ...manager, ...args],
      {
        timeout: 20_000,
        stdio: 'ignore',
      },
    );
  call('run', '--bundle', directory, name);
  call('delete', '--force', name);
  return true;
}
