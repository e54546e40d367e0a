/** Runs tests that need another kind of machine in one of our own (scripts/vm). */
import { spawnSync } from 'node:child_process';
import { command, root } from './command.mjs';

/** Installed in CI alone: they are large. */
const PROGRAMS = ['qemu-system-x86', 'debootstrap', 'e2fsprogs'];

/** What this machine may lack, and most users have: cgroup v2 with either manager, systemd, AppArmor; and a clock that may be set. */
const TITLES = ['systemd: *', 'cgroupfs: *', 'apparmor: *', 'clock: a day back*'];

/** Where these are: each other file would take some seconds to say that it has none. */
const FILES = ['systemd', 'boot', 'apparmor', 'clock'];

/** Emulated, this takes four minutes; the disk image is made once, which takes two. */
const MINUTES = 30;

/** One result per test that ran there; a single one, skipped, where no such machine can be made here. */
export async function vmResults({ install }) {
  if (install) installPrograms();
  const args = [
    'scripts/vm/test.mjs',
    '--built',
    '--suite',
    'system',
    ...FILES.flatMap((name) => ['--file', name]),
    ...TITLES.flatMap((title) => ['--match', title]),
  ];
  const results = [];
  const onLine = (line) => {
    // A serial line ends its lines with a carriage return, too.
    const [, outcome, name] = /^(passed|failed|skipped): (.*)$/.exec(line.trimEnd()) ?? [];
    if (outcome !== undefined) results.push(resultOf(outcome, name));
  };
  const { status, output } = await command(process.execPath, args, { timeoutMinutes: MINUTES, onLine });
  const machine = 'a virtual machine with cgroup v2, systemd and AppArmor';
  if (status === 77) return [{ name: machine, outcome: 'skipped', detail: output.trim().split('\n').at(-1) }];
  // What its runner says at the end tells why tests have failed, or the whole of it; and how many lines there must have been.
  const [, ...counts] = [...output.matchAll(/^(\d+) passed, (\d+) failed, (\d+) skipped\r?$/gm)].at(-1) ?? [];
  const isWhole = counts.length > 0 && sum(counts.map(Number)) === results.length;
  if (status !== 0 || !isWhole) results.push({ name: machine, outcome: 'failed', detail: output.trim() });
  return results;
}

const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);

/** The reason of a skip stands in parentheses. */
function resultOf(outcome, name) {
  if (outcome !== 'skipped') return { name, outcome };
  const [, title, detail] = /^(.*) \((.*)\)$/.exec(name) ?? [];
  return title === undefined ? { name, outcome } : { name: title, outcome, detail };
}

/** What cannot be installed is missed later, with a reason. */
function installPrograms() {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const args = ['install', '-y', '-qq', '--no-install-recommends', ...PROGRAMS];
  spawnSync('apt-get', args, { cwd: root, env, stdio: ['ignore', 'ignore', 'inherit'] });
}
