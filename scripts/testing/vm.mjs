/** Runs tests that need another kind of machine in one of our own (scripts/vm). */
import { spawnSync } from 'node:child_process';
import { command, root } from './command.mjs';

/** Installed in CI alone: they are large. */
const PROGRAMS = ['qemu-system-x86', 'debootstrap', 'e2fsprogs'];

/** What this machine may lack, and most users have: cgroup v2 with either manager, systemd, AppArmor. */
const TITLES = ['systemd: *', 'cgroupfs: *', 'apparmor: *'];

/** Emulated, this takes five minutes; the disk image is made once, which takes two. */
const MINUTES = 30;

/** One result per test that ran there; a single one, skipped, where no such machine can be made here. */
export async function vmResults({ install }) {
  if (install) installPrograms();
  const args = [
    'scripts/vm/test.mjs',
    '--built',
    '--suite',
    'system',
    ...TITLES.flatMap((title) => ['--match', title]),
  ];
  const { status, output } = await command(process.execPath, args, { timeoutMinutes: MINUTES });
  const name = 'tests in a virtual machine with cgroup v2, systemd and AppArmor';
  if (status === 77) return [{ name, outcome: 'skipped', detail: output.trim().split('\n').at(-1) }];
  const counts = [...output.matchAll(/^(\d+) passed, (\d+) failed, (\d+) skipped$/gm)].at(-1);
  if (counts === undefined) return [{ name, outcome: 'failed', detail: output.trim() }];
  const [passed, failed, skipped] = counts.slice(1).map(Number);
  const many = (count, outcome, detail) => Array.from({ length: count }, () => ({ name, outcome, detail }));
  return [
    ...many(passed, 'passed'),
    ...many(failed, 'failed', output.trim()),
    ...many(skipped, 'skipped', 'the virtual machine lacks something'),
    ...(status !== 0 && failed === 0 ? many(1, 'failed', output.trim()) : []),
  ];
}

/** What cannot be installed is missed later, with a reason. */
function installPrograms() {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const args = ['install', '-y', '-qq', '--no-install-recommends', ...PROGRAMS];
  spawnSync('apt-get', args, { cwd: root, env, stdio: ['ignore', 'ignore', 'inherit'] });
}
