/** Namespaces, mounts and devices of real containers, for options that the command line's tests do not cover. */
import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import test from 'ava';

import type { CreateOptions } from '../../../src/index.js';
import { testEngine } from '../../helpers/engine.js';
import { requires } from '../../helpers/requires.js';
import { temporaryDirectory } from '../../helpers/temp.js';

const MAPS = [{ containerId: 0, hostId: 100000, size: 65536 }];

type Row = [needs: Parameters<typeof requires>[1][], options: CreateOptions, script: string, expected: string | RegExp];

const prints = test.macro<Row>({
  exec: async (t, ...[needs, change, script, expected]) => {
    if (!requires(t, 'root', 'overlay', ...needs)) return;
    const { engine, options } = await testEngine(t);
    const { stdout, stderr } = await engine.run(options({ ...change, command: ['sh', '-c', script] }));
    if (typeof expected === 'string') t.is(stdout.trim(), expected, stderr);
    else t.regex(stdout, expected, stderr);
  },
  title: (_, ...[, options, script]) => `${JSON.stringify(options).slice(0, 70)}: ${script.slice(0, 60)}`,
});

test(prints, ['timens'], { timeOffsets: { boottimeSec: 5_000_000 } }, 'cut -d. -f1 /proc/uptime', /^[5-9]\d{6}/);
test(
  prints,
  ['userns'],
  { uidMaps: MAPS },
  "tr -s ' ' < /proc/self/uid_map; stat -c %u /usr /etc/passwd",
  '0 100000 65536\n0\n0',
);
test(prints, ['userns'], { uidMaps: MAPS }, 'mount -t tmpfs x /mnt 2>/dev/null || echo refused', 'refused');
test(
  prints,
  ['userns'],
  { uidMaps: MAPS, user: '33:33' },
  'id -u; grep CapEff /proc/self/status | cut -f2',
  '33\n0000000000000000',
);
test(prints, ['userns'], { uidMaps: MAPS }, 'echo x > /dev/null && head -c1 /dev/zero | od -An -tx1', '00');
test(prints, [], { cgroupns: 'host' }, 'grep -c "tspod-\\?test" /proc/self/cgroup', /^[1-9]/);
test(
  prints,
  ['cgroup2'],
  { cgroupns: 'host' },
  'group=/sys/fs/cgroup$(sed -n s/^0:://p /proc/self/cgroup); grep -c "^$$\\$" $group/cgroup.procs; test -e /sys/fs/cgroup/cgroup.type || echo top',
  '1\ntop',
);
test(prints, [], {}, 'grep -c "tspod-\\?test" /proc/self/cgroup', '0');
test(
  prints,
  [],
  { scheduler: { policy: 'batch', nice: 5 } },
  'grep -E "^policy" /proc/self/sched | tr -d " "',
  'policy:3',
);
test(prints, [], { personality: 'LINUX32' }, 'uname -m', /^i686|^armv/);
test(
  prints,
  [],
  { security: { procOptions: ['hidepid=2'] } },
  'grep -o hidepid=[a-z0-9]* /proc/mounts',
  /hidepid=(2|invisible)/,
);
test(prints, [], { security: { mask: ['/etc/passwd', '/usr/share'] } }, 'cat /etc/passwd; ls -A /usr/share', '');
test(prints, [], { security: { unmask: ['/proc/timer_list'] } }, 'wc -c < /proc/timer_list', /^[1-9]/);
test(prints, [], {}, 'cat /proc/timer_list /proc/keys /proc/interrupts; ls -A /sys/firmware', '');
test(
  prints,
  [],
  {},
  'for p in sys/kernel/sysrq sysrq-trigger; do (: > /proc/$p) 2>/dev/null && echo written; done',
  '',
);
test(
  prints,
  [],
  { readOnly: true, readOnlyTmpfs: false },
  'touch /x /dev/x /dev/shm/x 2>/dev/null; echo > /dev/null && ls /dev/pts/ptmx',
  '/dev/pts/ptmx',
);
test(
  prints,
  [],
  { mounts: [{ type: 'tmpfs', target: '/etc', options: ['ro'] }] },
  'test -s /etc/passwd && ! touch /etc/x 2>/dev/null && echo copied',
  'copied',
);
test(
  prints,
  [],
  { mounts: [{ type: 'tmpfs', target: '/m', options: ['size=64k', 'mode=711', 'noexec'] }] },
  'stat -c %a /m; df -k /m | tail -1 | tr -s " " | cut -d" " -f2',
  '711\n64',
);
test(prints, [], { mounts: [{ type: 'ramfs', target: '/m' }] }, 'stat -f -c %T /m', 'ramfs');
test(
  prints,
  [],
  {},
  'ls /dev',
  'core\nfd\nfull\nmqueue\nnull\nptmx\npts\nrandom\nshm\nstderr\nstdin\nstdout\ntty\nurandom\nzero',
);
test(prints, [], {}, 'mknod /tmp/mem c 1 1 2>/dev/null || echo refused', 'refused');
test(
  prints,
  [],
  { capAdd: ['MKNOD'] },
  'mknod /tmp/mem c 1 1 && { head -c 1 /tmp/mem 2>/dev/null || echo refused; }',
  'refused',
);
test(
  prints,
  [],
  { capAdd: ['MKNOD'], deviceCgroupRules: ['c 1:1 m'] },
  'mknod /tmp/mem c 1 1 && (: < /tmp/mem) 2>/dev/null || echo not opened',
  'not opened',
);
test(prints, [], { ipc: 'none' }, 'ls -d /dev/shm 2>/dev/null || echo none', 'none');

test('an identity-mapped bind mount shows and takes files as the container sees its users', async (t) => {
  if (!requires(t, 'root', 'overlay', 'userns')) return;
  const directory = temporaryDirectory(t);
  writeFileSync(`${directory}/file`, '');
  const { engine, options } = await testEngine(t);
  const mounts = [{ type: 'bind', source: directory, target: '/mnt', options: ['idmap'] }] as const;
  const { stdout } = await engine.run(
    options({ uidMaps: MAPS, mounts, command: ['sh', '-c', 'stat -c %u /mnt/file; touch /mnt/new'] }),
  );
  t.is(stdout, '0\n');
  t.is(statSync(`${directory}/new`).uid, 0);
});

test('a mount target that leads out of the root stays in it', async (t) => {
  if (!requires(t, 'root', 'overlay', 'busybox')) return;
  const base = temporaryDirectory(t);
  const [root, outside] = [`${base}/root`, `${base}/outside`];
  mkdirSync(`${root}/bin`, { recursive: true });
  mkdirSync(outside);
  writeFileSync(`${root}/bin/sh`, readFileSync('/bin/busybox'), { mode: 0o755 });
  symlinkSync(`../../../../../../../..${outside}`, `${root}/relative`);
  symlinkSync(outside, `${root}/absolute`);
  symlinkSync('/real', `${root}/link`);
  const { engine, options } = await testEngine(t);
  const mounts = ['/relative/a', '/absolute/b', '/link/c'].map((target) => ({ type: 'tmpfs', target }) as const);
  const result = await engine.run(
    options({
      rootfs: root,
      mounts,
      command: ['/bin/sh', '-c', 'grep -c tmpfs./ /proc/mounts >/dev/null; cat /proc/mounts'],
    }),
  );
  const targets = result.stdout.split('\n').map((line) => line.split(' ')[1]);
  t.true(targets.includes(`${outside}/a`), 'in the root, a path of the same name');
  t.true(targets.includes('/real/c'));
  t.deepEqual(statSync(outside).nlink, 2, 'nothing was made on the host');
});

test('a root whose /dev, /proc or /sys leads elsewhere does not touch the host', async (t) => {
  if (!requires(t, 'root', 'overlay', 'busybox')) return;
  for (const name of ['dev', 'proc', 'sys']) {
    const base = temporaryDirectory(t);
    mkdirSync(`${base}/root/bin`, { recursive: true });
    mkdirSync(`${base}/outside`);
    writeFileSync(`${base}/root/bin/sh`, readFileSync('/bin/busybox'), { mode: 0o755 });
    symlinkSync(`${base}/outside`, `${base}/root/${name}`);
    const { engine, options } = await testEngine(t);
    // Whether it runs or is refused: nothing may be made outside.
    await engine.run(options({ rootfs: `${base}/root`, command: ['/bin/sh', '-c', 'true'] })).catch(() => undefined);
    t.is(statSync(`${base}/outside`).nlink, 2, name);
    t.is(statSync(`${base}/outside`).size, statSync(temporaryDirectory(t)).size, name);
  }
});

test('hooks run with the state of the container, in their namespaces', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const directory = temporaryDirectory(t);
  const hook = (kind: 'createRuntime' | 'createContainer' | 'poststart' | 'poststop') => ({
    kind,
    path: '/bin/sh',
    args: ['sh', '-c', `cat > ${directory}/${kind}; readlink /proc/self/ns/mnt > ${directory}/${kind}.ns`],
  });
  const { engine, options } = await testEngine(t);
  const hooks = [hook('createRuntime'), hook('createContainer'), hook('poststop')];
  const { id } = await engine.run(options({ hooks, annotations: { key: 'value' }, command: ['true'] }));
  const state = (kind: string): unknown => JSON.parse(readFileSync(`${directory}/${kind}`, 'utf8'));
  t.like(state('createRuntime'), { id, status: 'creating', annotations: { key: 'value' } });
  t.like(state('poststop'), { id, status: 'stopped' });
  const namespace = (kind: string): string => readFileSync(`${directory}/${kind}.ns`, 'utf8');
  t.is(namespace('createRuntime'), namespace('poststop'));
  t.not(namespace('createRuntime'), namespace('createContainer'));
});
