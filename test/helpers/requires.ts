/** What a test needs of the machine: a test that needs more than the machine has says so, and is counted as skipped. */
import { accessSync, appendFileSync, constants, readFileSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';

import { findNameServer } from '../../src/host/name-server.js';

/** Answers undefined when the machine has it, otherwise why not. */
type Probe = () => string | undefined;

/** Programs, most of them from Debian; `scripts/test-programs.sh` installs them where it may. */
type Program =
  | 'busybox'
  | 'tmux'
  | 'strace'
  | 'podman'
  | 'crun'
  | 'runc'
  | 'conmon'
  | 'jq'
  | 'bash'
  | 'zsh'
  | 'fish'
  | 'gcc'
  | 'unshare'
  | 'apparmor_parser'
  | 'newuidmap'
  | 'docker-registry'
  | 'skopeo'
  | 'umoci'
  | 'zstd'
  | 'getfattr'
  | 'python3'
  | 'openssl'
  | 'nft'
  | 'ip'
  | 'iperf3'
  | 'nsenter'
  | 'mkfs.ext4';

const PROBES = {
  root: () => (process.geteuid?.() === 0 ? undefined : 'not root'),
  nonroot: () => (process.geteuid?.() === 0 ? 'is root' : undefined),
  /** The unified hierarchy, alone. */
  cgroup2: () =>
    isDirectory('/sys/fs/cgroup') && hasFile('/sys/fs/cgroup/cgroup.controllers')
      ? undefined
      : 'cgroup v2 is not mounted on /sys/fs/cgroup',
  /** Cgroup v1 controllers (also on hybrid hosts). */
  cgroup1: () => (isDirectory('/sys/fs/cgroup/memory') ? undefined : 'no cgroup v1 memory controller'),
  systemd: () => (isDirectory('/run/systemd/system') ? undefined : 'systemd is not the init'),
  apparmor: () =>
    readLine('/sys/module/apparmor/parameters/enabled') === 'Y' ? undefined : 'the kernel has no AppArmor',
  selinux: () => (hasFile('/sys/fs/selinux/enforce') ? undefined : 'the kernel has no SELinux'),
  timens: () => (hasFile('/proc/self/ns/time') ? undefined : 'the kernel has no time namespaces'),
  userns: () => (hasFile('/proc/self/ns/user') ? undefined : 'the kernel has no user namespaces'),
  /** A machine that only the tests use, whose clock may be set. */
  ownMachine: () =>
    process.env['TSPOD_TEST_MACHINE'] === 'own'
      ? undefined
      : 'only in the virtual machine of the tests (npm run test:vm)',
  swap: () =>
    hasFile('/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes') || hasSwap() ? undefined : 'no swap accounting',
  sysResource: () => (hasCapability(24) ? undefined : 'CAP_SYS_RESOURCE is missing'),
  noSysResource: () => (hasCapability(24) ? 'has CAP_SYS_RESOURCE' : undefined),
  overlay: () => (/^nodev\toverlay$/m.test(readText('/proc/filesystems')) ? undefined : 'no overlayfs'),
  'aardvark-dns': () => (findNameServer() === undefined ? 'aardvark-dns is not installed' : undefined),
  libseccomp: () =>
    LIBRARY_DIRECTORIES.some((directory) => hasFile(join(directory, 'libseccomp.so.2')))
      ? undefined
      : 'libseccomp.so.2 is not installed',
  /** A monitor without sanitizers: their runtime needs a /proc, more memory, or other system calls than the test leaves. */
  plainMonitor: () =>
    process.env['TSPOD_MONITOR'] === undefined ? undefined : 'runs with a sanitizer build of the monitor',
} as const satisfies Readonly<Record<string, Probe>>;

const LIBRARY_DIRECTORIES = [
  '/usr/lib/x86_64-linux-gnu',
  '/lib/x86_64-linux-gnu',
  '/usr/lib/aarch64-linux-gnu',
  '/lib/aarch64-linux-gnu',
  '/usr/lib64',
  '/usr/lib',
  '/lib',
];

export type Requirement = keyof typeof PROBES | Program;

/**
 * Whether the machine has all that a test needs; use as `if (!requires(t, 'root', 'busybox')) return;`.
 *
 * What is missing is logged, and counted as a skip by the runner. `TSPOD_MUST_RUN` (a list of requirements, or `1` for all) turns
 * a skip for one of them into a failure, so that a build machine cannot lose tests silently.
 */
export function requires(t: ExecutionContext, ...needs: readonly Requirement[]): boolean {
  for (const need of needs) {
    const reason = missing(need);
    if (reason === undefined) continue;
    if (mustRun(need)) {
      t.fail(`this machine must have ${need}: ${reason}`);
    } else {
      recordSkip(t, `${need}: ${reason}`);
      t.pass();
    }
    return false;
  }
  return true;
}

/** Skips a test for a reason that only the test itself can find out, as `return skip(t, 'no IPv6')`. */
export function skip(t: ExecutionContext, reason: string): void {
  recordSkip(t, reason);
  t.pass();
}

/** Whether the machine has something, for helpers that adapt instead of skipping. */
export function has(need: Requirement): boolean {
  return missing(need) === undefined;
}

function missing(need: Requirement): string | undefined {
  return need in PROBES ? PROBES[need as keyof typeof PROBES]() : missingProgram(need);
}

function missingProgram(name: string): string | undefined {
  const directories = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return directories.some((directory) => isExecutable(join(directory, name))) ? undefined : `${name} is not installed`;
}

function mustRun(need: Requirement): boolean {
  const wanted = (process.env['TSPOD_MUST_RUN'] ?? '').split(',');
  return wanted.includes('1') || wanted.includes(need);
}

/** The runner (`scripts/test.mjs`) reads one JSON object per line from the file that TSPOD_SKIP_LOG names. */
function recordSkip(t: ExecutionContext, reason: string): void {
  t.log(`skipped: ${reason}`);
  const log = process.env['TSPOD_SKIP_LOG'];
  if (log === undefined) return;
  const file = fileURLToPath(test.meta.file).split('/out/test/').at(-1);
  appendFileSync(log, `${JSON.stringify({ file, title: t.title, reason })}\n`);
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function hasFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function readLine(path: string): string {
  return readText(path).trim();
}

function hasSwap(): boolean {
  return readText('/proc/swaps').trim().split('\n').length > 1;
}

function hasCapability(number: number): boolean {
  const mask = /^CapEff:\t([0-9a-f]+)$/m.exec(readText('/proc/self/status'))?.[1];
  return mask !== undefined && ((BigInt(`0x${mask}`) >> BigInt(number)) & 1n) === 1n;
}
