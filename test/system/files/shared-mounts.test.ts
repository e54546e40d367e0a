/** A host whose mounts are shared, as systemd has them: what is mounted in a container shows nowhere else, whatever the container may do. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';

import { busyboxRoot } from '../../helpers/busybox.js';
import { storeOf } from '../../helpers/cli.js';
import { SLOW } from '../../helpers/pace.js';
import { requires } from '../../helpers/requires.js';
import { temporaryDirectory } from '../../helpers/temp.js';

const PROGRAM = join(process.cwd(), 'bin/tspod');
const MAPS = ['--uidmap', '0:100000:1000', '--gidmap', '0:200000:1000'];

/** Mounts over all that it has of the host, and says so. */
const MOUNTS =
  'for place in /sys/fs/cgroup/* /sys/fs/cgroup /bound /etc/hosts /dev/null /mnt; do mount -t tmpfs x $place 2>/dev/null || mount -o bind /etc/passwd $place 2>/dev/null; done; echo mounted; exec sleep 1000';

const sees = test.macro(
  async (t: ExecutionContext, flags: readonly string[], { given = false }: { readonly given?: boolean } = {}) => {
    if (!requires(t, 'root', 'overlay', 'busybox', 'userns')) return;
    const { root, runRoot } = storeOf(t);
    const rootfs = busyboxRoot(t);
    if (given) spawnSync('chown', ['-R', '100000:200000', rootfs]);
    const bound = temporaryDirectory(t);
    const global = `--root ${root} --runroot ${runRoot} --cgroup-manager cgroupfs`;
    const words = [
      '-d',
      '--name',
      'subject',
      '--network',
      'none',
      '--cap-add',
      'SYS_ADMIN',
      '--security-opt',
      'unmask=ALL',
      '--security-opt',
      'apparmor=unconfined',
    ];
    const script = `
      set -e
      mount --make-rshared /
      cat /proc/self/mountinfo; echo ----
      ${process.execPath} ${PROGRAM} ${global} run ${words.join(' ')} -v ${bound}:/bound ${flags.join(' ')} ${given ? `--rootfs ${rootfs}` : `--rootfs ${rootfs}:O`} sh -c '${MOUNTS}' >&2
      until ${process.execPath} ${PROGRAM} ${global} logs subject | grep -q mounted; do sleep 0.2; done
      cat /proc/self/mountinfo; echo ----
      ${process.execPath} ${PROGRAM} ${global} logs subject; echo ----
      ${process.execPath} ${PROGRAM} ${global} exec subject cat /proc/mounts; echo ----
      ${process.execPath} ${PROGRAM} ${global} rm -f -t 0 subject >&2
      cat /proc/self/mountinfo`;
    // Cut off from the machine's mounts before they are shared among each other.
    const { stdout, stderr, status } = spawnSync('unshare', ['-m', 'sh', '-c', script], {
      encoding: 'utf8',
      timeout: 60_000 * SLOW,
      env: { ...process.env, TSPOD_NETWORK: 'none' },
    });
    t.is(status, 0, stderr);
    const [before = '', during = '', log = '', inside = '', after = ''] = stdout.split('----\n');
    // Other tests mount things as well.
    const places = [root, runRoot, rootfs, bound, '/dev/null', '/etc/hosts', '/mnt', '/sys/fs/cgroup'];
    const points = (mountInfo: string) =>
      mountInfo
        .split('\n')
        .map((line) => line.split(' ')[4])
        .filter(
          (point) => point !== undefined && places.some((place) => point === place || point.startsWith(`${place}/`)),
        )
        .sort();
    t.regex(before, / shared:/, 'the mounts are shared');
    t.is(log, 'mounted\n');
    t.true(
      inside.split('\n').filter((line) => /^(x|\S+) \/(mnt|bound|dev\/null|etc\/hosts) /.test(line)).length >= 4,
      inside,
    );
    t.deepEqual(points(during), points(before));
    t.deepEqual(points(after), points(before));
  },
);

test('a root directory', sees, [], { given: true });
test('a layer over a root directory', sees, []);
test('with a user namespace: a root directory that belongs to it', sees, MAPS, { given: true });
test('with a user namespace: a layer over a root directory', sees, MAPS);
test('with a user namespace, and the cgroups of the host', sees, [...MAPS, '--cgroupns', 'host']);

for (const [title, option, flags] of [
  ['of the machine', 'rslave', []],
  ['with a user namespace', 'rslave', MAPS],
  ['with ids of its own', 'idmap,rslave', MAPS],
] as const)
  test(`what is mounted later shows where the volume is a slave: ${title}`, (t) => {
    if (!requires(t, 'root', 'overlay', 'busybox', 'userns')) return;
    const { root, runRoot } = storeOf(t);
    const bound = temporaryDirectory(t);
    const program = `${process.execPath} ${PROGRAM} --root ${root} --runroot ${runRoot} --cgroup-manager cgroupfs`;
    const script = `
      set -e
      mount --make-rshared /
      mkdir ${bound}/later
      ${program} run -d --name subject ${flags.join(' ')} -v ${bound}:/bound:${option} --rootfs ${busyboxRoot(t)}:O sleep 1000 >&2
      mount -t tmpfs seen-later ${bound}/later
      ${program} exec subject cat /proc/mounts
      ${program} rm -f -t 0 subject >&2`;
    const { stdout, stderr, status } = spawnSync('unshare', ['-m', 'sh', '-c', script], {
      encoding: 'utf8',
      timeout: 60_000 * SLOW,
      env: { ...process.env, TSPOD_NETWORK: 'none' },
    });
    t.is(status, 0, stderr);
    t.regex(stdout, /^seen-later \/bound\/later tmpfs /m);
  });
