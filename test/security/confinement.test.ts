/** What a container of the default kind may ask of the kernel, and what of the host it can reach through it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';

import { attackersRoot, hostParameters } from '../helpers/attacks.js';
import { run } from '../helpers/cli.js';
import { rejectsWith, testEngine } from '../helpers/engine.js';
import { HIDDEN_IN_PROC } from '../helpers/masks.js';
import { has, requires, skip } from '../helpers/requires.js';
import { openTerminal } from '../helpers/tmux.js';

const HIDDEN = [
  ...HIDDEN_IN_PROC,
  '/sys/firmware',
  '/sys/devices/virtual/powercap',
  '/sys/devices/system/cpu/cpu0/thermal_throttle',
  '/sys/dev/block',
  '/sys/fs/selinux',
];
const READ_ONLY = ['bus', 'fs', 'irq', 'sys', 'sysrq-trigger'].map((name) => `/proc/${name}`);

/** PATH BYTES-OR-ENTRIES for what is there, and `writable PATH`. */
const LOOK = [
  ...HIDDEN.map(
    (path) =>
      `if test -d ${path}; then echo "${path} $(ls -A ${path} | wc -l)"; elif test -e ${path}; then echo "${path} $(head -c 64 ${path} | wc -c)"; fi`,
  ),
  // What is not there cannot be written to either; "/proc/mounts" has the last mount over a path last.
  ...[...READ_ONLY, '/sys'].map(
    (path) =>
      `{ test ! -e ${path} || grep " ${path} " /proc/mounts | tail -1 | grep -qE " ro[, ]"; } && echo "read-only ${path}"`,
  ),
].join('\n');

test('masks: all that was once forgotten is hidden or read-only, and is there when that is asked for', async (t) => {
  if (!requires(t, 'root', 'overlay', 'busybox')) return;
  const { engine, options } = await testEngine(t);
  const rootfs = attackersRoot(t);
  const look = async (more: object) =>
    (await engine.run(options({ rootfs, rootfsOverlay: true, command: ['sh', '-c', `${LOOK}\ntrue`], ...more }))).stdout
      .trim()
      .split('\n');
  const seen = await look({});
  const shown = seen.filter((line) => !line.startsWith('read-only') && !line.endsWith(' 0'));
  t.deepEqual(shown, []);
  t.deepEqual(seen.filter((line) => line.startsWith('read-only')).length, READ_ONLY.length + 1);
  for (const more of [{ privileged: true }, { security: { unmask: ['ALL'] } }]) {
    const open = await look(more);
    t.true(
      open.some((line) => /^\/proc\/timer_list [1-9]/.test(line)),
      JSON.stringify(more),
    );
    t.false(open.includes('read-only /proc/sys'));
  }
});

test('seccomp: no sockets of AF_ALG and AF_VSOCK, whatever way a program asks for them (CVE-2026-31431)', async (t) => {
  if (!requires(t, 'root', 'overlay', 'busybox', 'gcc', 'libseccomp')) return;
  const { engine, options } = await testEngine(t);
  const rootfs = attackersRoot(t);
  const ask = async (more: object) =>
    (
      await engine.run(
        options({ rootfs, rootfsOverlay: true, command: ['attacker', 'families', '38', '40', '1'], ...more }),
      )
    ).stdout
      .trim()
      .split('\n');
  const refused = (await ask({})).filter((line) => !/ 1=/.test(line));
  t.true(refused.length >= 4);
  for (const line of refused) t.regex(line, /=!(EPERM|EAFNOSUPPORT|ENOSYS)$/);
  // The legitimate use, and the proof that the kernel would have given it.
  t.true((await ask({})).includes('socket 1=ok'));
  const unconfined = await ask({ security: { seccompProfile: 'unconfined' } });
  if (unconfined.includes('socket 40=ok')) t.true(unconfined.includes('socket64 40=ok'));
  else t.log('this kernel has no AF_VSOCK: the attack was not seen to work without the filter');
});

/** Calls that have led out of containers, by their number on x86-64. */
const CALLS = {
  bpf: 321,
  perf_event_open: 298,
  userfaultfd: 323,
  io_uring_setup: 425,
  kexec_load: 246,
  init_module: 175,
  open_by_handle_at: 304,
};

/** Seeks the file that names the program which the kernel runs on the host when a cgroup is empty. It is not written: it would be the machine's. */
const SEEK_AGENT =
  'echo entered; mkdir -p /tmp/c; mount -t cgroup -o memory x /tmp/c && echo mounted; [ -e /tmp/c/release_agent ] && echo agent; true';

test('seccomp: calls that have led out of containers are refused to its root (CVE-2022-0492)', async (t) => {
  if (!requires(t, 'root', 'overlay', 'busybox', 'gcc', 'libseccomp')) return;
  if (process.arch !== 'x64') return skip(t, 'the numbers are those of x86-64');
  const { engine, options } = await testEngine(t);
  const { probePath } = await import('../helpers/probe.js');
  const rootfs = attackersRoot(t);
  writeFileSync(join(rootfs, 'bin/probe'), readFileSync(probePath()), { mode: 0o755 });
  for (const [name, number] of Object.entries(CALLS)) {
    const { stdout } = await engine.run(options({ rootfs, command: ['probe', 'syscall', String(number)] }));
    t.regex(stdout, /^syscall=!(EPERM|ENOSYS)\n$/, name);
  }
  const seek = ['sh', '-c', SEEK_AGENT];
  const inBusybox = { rootfs, rootfsOverlay: true };
  for (const way of [[], ['busybox', 'unshare', '-U', '-r', '-m']]) {
    const { stdout } = await engine.run(options({ ...inBusybox, command: [...way, ...seek] }));
    t.is(stdout, 'entered\n', way.join(' '));
  }
  // In a cgroup namespace of its own it may mount the container's cgroup, which has no agent.
  if (has('unshare')) {
    const { stdout } = await engine.run(options({ command: ['unshare', '-UrmC', ...seek] }));
    t.regex(stdout, /^entered\n(mounted\n)?$/);
  }
  if (!has('cgroup1')) return t.log('no cgroup v1 on this machine: the attack was not seen to work');
  const more = { capAdd: ['SYS_ADMIN'], cgroupns: 'host', security: { apparmorProfile: 'unconfined' } } as const;
  const open = options({ ...inBusybox, command: seek, ...more });
  t.is((await engine.run(open)).stdout, 'entered\nmounted\nagent\n', 'the attack is one');
});

/** Memory, the kernel's log, disks, loop devices, the host's terminals; and those that everybody has. */
const NODES = [
  'c:1:1',
  'c:1:2',
  'c:1:4',
  'c:1:11',
  'b:7:0',
  'b:8:0',
  'b:254:0',
  'b:259:0',
  'c:10:237',
  'c:4:0',
  'c:5:1',
  'c:1:3',
  'c:1:5',
  'c:10:200',
];

test('devices: only those of the list can be opened, whoever may make nodes (GHSA-g54h-m393-cpwq)', async (t) => {
  if (!requires(t, 'root', 'overlay', 'busybox', 'gcc')) return;
  const { engine, options } = await testEngine(t);
  const rootfs = attackersRoot(t);
  const make = async (more: object) =>
    (
      await engine.run(options({ rootfs, rootfsOverlay: true, command: ['attacker', 'devices', ...NODES], ...more }))
    ).stdout
      .trim()
      .split('\n');
  for (const line of await make({})) t.regex(line, /=!EPERM -$/);
  const lines = await make({ capAdd: ['MKNOD'] });
  t.is(lines.length, NODES.length);
  for (const line of lines) {
    if (line.startsWith('c:1:3=') || line.startsWith('c:1:5=')) t.regex(line, /=ok ok$/);
    // The node of tun may be opened; what the kernel lacks cannot be.
    else if (line.startsWith('c:10:200=')) t.regex(line, /=ok (ok|!ENXIO|!ENODEV)$/);
    // A container may have terminals of its own: the host's are not among them.
    else t.regex(line, /=ok !EPERM$/);
  }
  const given = await make({ capAdd: ['MKNOD'], deviceCgroupRules: ['c 4:0 rwm'] });
  t.regex(given.join('\n'), /^c:4:0=ok (ok|!ENXIO|!ENODEV)$/m);
  t.true(given.includes('c:1:1=ok !EPERM'));
});

test('network: host: no socket of ours is within the reach of a container (CVE-2020-15257)', async (t) => {
  if (!requires(t, 'root', 'overlay', 'busybox')) return;
  const { engine, options, runRoot } = await testEngine(t);
  const rootfs = attackersRoot(t);
  const other = await engine.containers.create(options({ rootfs, rootfsOverlay: true, command: ['sleep', '1000'] }));
  await other.start();
  const { stdout } = await engine.run(
    options({ rootfs, rootfsOverlay: true, network: 'host', command: ['cat', '/proc/net/unix'] }),
  );
  const names = stdout.split('\n').map((line) => line.trim().split(/\s+/)[7] ?? '');
  t.true(
    names.some((name) => name.endsWith('/attach')),
    'the other’s monitor listens by a path',
  );
  t.deepEqual(
    names.filter((name) => name.startsWith('@') && /tspod|attach|monitor/.test(name)),
    [],
  );
  const looks = await engine.run(options({ rootfs, rootfsOverlay: true, network: 'host', command: ['ls', runRoot] }));
  t.not(looks.exitCode, 0, 'the path is the host’s');
});

test('terminal: nothing is typed into the caller’s by a container or a command in it, with a terminal or without (CVE-2017-5226)', async (t) => {
  if (!requires(t, 'root', 'busybox', 'tmux', 'gcc')) return;
  const flags = `--cap-add SYS_ADMIN --rootfs ${attackersRoot(t)}`;
  const terminal = await openTerminal(t);
  let tried = 0;
  const tries = async (command: string): Promise<string> => {
    tried += 1;
    terminal.keys('clear', 'Enter');
    terminal.keys(`${command}; echo end-${tried}-$?`, 'Enter');
    // Its own end, and the prompt: what the last one has written may still be there.
    await terminal.shows(new RegExp(`^end-${tried}-0\\n\\$`, 'm'));
    return terminal.screen();
  };
  for (const command of ['run', 'run -i'])
    t.notRegex(await tries(`tspod ${command} --rm ${flags} attacker type`), /=ok/);
  await tries(`tspod run -d --name idle ${flags} sleep 1000`);
  for (const command of ['exec', 'exec -i']) t.notRegex(await tries(`tspod ${command} idle attacker type`), /=ok/);
  // A terminal of its own may take what it likes: it is gone with the container.
  for (const command of ['run -it', 'run -t'])
    t.regex(await tries(`tspod ${command} --rm ${flags} attacker type`), /\$$/);
  // The legitimate use: what is typed goes in, and what is written comes out.
  terminal.keys('clear', 'Enter');
  terminal.keys('tspod exec -i idle head -n 1', 'Enter', 'typed', 'Enter');
  await terminal.shows(/typed\n+typed/);
});

test('terminal: the log driver passthrough does not give the caller’s to the container', async (t) => {
  if (!requires(t, 'root', 'busybox', 'tmux', 'gcc')) return;
  const root = attackersRoot(t);
  const terminal = await openTerminal(t);
  terminal.keys(
    `tspod run --rm --log-driver passthrough --cap-add SYS_ADMIN --rootfs ${root} attacker type; echo end-$?`,
    'Enter',
  );
  await terminal.shows(/end-\d/);
  t.regex(terminal.screen(), /passthrough.*\n?.*TTY/i);
  t.regex(terminal.screen(), /end-125/);
  // The legitimate use: files and pipes.
  const { stdout } = await run(t, 0, 'run', '--rm', '--log-driver', 'passthrough', '--rootfs', root, 'echo', 'through');
  t.is(stdout, 'through\n');
});

test('sysctls: none that smuggles another, none of the host’s (CVE-2022-0811, CVE-2022-0532)', async (t) => {
  if (!requires(t, 'root', 'overlay', 'busybox')) return;
  const { engine, options } = await testEngine(t);
  const rootfs = attackersRoot(t);
  const before = hostParameters();
  const hostile: Readonly<Record<string, string>>[] = [
    { 'kernel.shm_rmid_forced': '1+kernel.core_pattern=|/x' },
    { 'kernel.shm_rmid_forced=1+kernel.core_pattern': '|/x' },
    { 'kernel.core_pattern': '|/x' },
    { 'kernel.sysrq': '1' },
    { 'net/../kernel/core_pattern': 'x' },
    { 'net.ipv4.conf.a/../../../../kernel/core_pattern': 'x' },
    { 'net.ipv4.conf...kernel.core_pattern': 'x' },
    { 'fs.mqueue.../../../kernel/sysrq': '1' },
    { 'kernel.msgmax\n': '1' },
    { 'kernel.msgmax': '8192\nx' },
  ];
  for (const sysctls of hostile) {
    await rejectsWith(t, engine.run(options({ rootfs, sysctls, command: ['true'] })), 'INVALID_ARGUMENT');
  }
  for (const more of [
    { network: 'host', sysctls: { 'net.ipv4.ip_forward': '1' } },
    { ipc: 'host', sysctls: { 'kernel.sem': '1 2 3 4' } },
    { ipc: 'host', sysctls: { 'fs.mqueue.msg_max': '9' } },
  ] as const) {
    await rejectsWith(t, engine.run(options({ rootfs, command: ['true'], ...more })), 'INVALID_ARGUMENT');
  }
  const own = await engine.run(
    options({ rootfs, sysctls: { 'kernel.msgmax': '9000' }, command: ['cat', '/proc/sys/kernel/msgmax'] }),
  );
  t.is(own.stdout, '9000\n');
  t.deepEqual(hostParameters(), before);
});

test('numbers: lists that would be endless are refused or bounded before anything is made (CVE-2018-20699)', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const rootfs = attackersRoot(t);
  const huge = ['9223372036854775807', '18446744073709551616', '1e400', '-1', '1-9223372036854775807', '0-4294967295'];
  for (const number of huge) {
    for (const [flag, value] of [
      ['--cpuset-mems', number],
      ['--cpuset-cpus', number],
      ['--uidmap', `0:0:${number}`],
      ['--device-cgroup-rule', `c ${number}:* rwm`],
      ['--shm-size', `${number}x`],
      ['--ulimit', `nofile=${number}:1`],
      ['--blkio-weight-device', `/dev/null:${number}`],
    ] as const) {
      const { stderr } = await run(t, 125, 'create', `${flag}=${value}`, '--rootfs', rootfs, 'true');
      t.regex(stderr, /^Error: /m, `${flag} ${value}`);
      t.notRegex(stderr, / at .*\.js/, `${flag} ${value}`);
    }
  }
  t.is((await run(t, 0, 'ps', '-aq')).stdout, '');
  t.is(
    (
      await run(
        t,
        0,
        'run',
        '--rm',
        '--cpuset-cpus',
        '0',
        '--rootfs',
        rootfs,
        'grep',
        'Cpus_allowed_list',
        '/proc/self/status',
      )
    ).stdout.split('\t')[1],
    '0\n',
  );
});

test('images and callers: no label or annotation changes how a container is kept (CVE-2026-94603, CVE-2026-53488, CVE-2024-3154)', async (t) => {
  if (!requires(t, 'root', 'overlay', 'busybox')) return;
  const { engine, options } = await testEngine(t);
  const { busyboxLayer, imageOf, sourceOf } = await import('../helpers/layers.js');
  const keys = Object.fromEntries(MEANINGFUL.map((key) => [key, 'true']));
  const layer = busyboxLayer();
  await engine.images.pull(sourceOf(imageOf({ layers: [layer] })), { name: 'plain:1' });
  await engine.images.pull(sourceOf(imageOf({ layers: [layer], config: { Labels: keys } })), { name: 'labelled:1' });
  const script = `cd /proc/self; cat limits uid_map; grep -E "^(Cap|NoNew|Seccomp|Groups)" status; cut -d" " -f5-6 mountinfo; id; ls /dev; tr '\\0' '\\n' < environ | grep -v HOSTNAME`;
  const see = async (more: object) => {
    const result = await engine.run(
      options({ user: 'alice', capDrop: ['ALL'], readOnly: true, command: ['sh', '-c', script], ...more }),
    );
    // names of the container's own
    return result.stdout.replaceAll(/[0-9a-f]{12,}/g, 'ID');
  };
  const plain = await see({ image: 'plain:1' });
  t.regex(plain, /uid=1000/);
  t.is(await see({ image: 'labelled:1' }), plain);
  t.is(await see({ image: 'plain:1', annotations: keys, labels: keys }), plain);
});

/** Keys that other engines and runtimes act on. */
const MEANINGFUL = [
  'io.podman.annotations.checkpoint',
  'io.podman.annotations.privileged',
  'io.podman.annotations.seccomp',
  'io.podman.annotations.init',
  'io.podman.annotations.userns',
  'io.podman.annotations.volumes-from',
  'io.podman.annotations.autoremove',
  'io.podman.annotations.label',
  'io.containers.autoupdate',
  'io.containers.capabilities',
  'io.containers.trace-syscall',
  'io.kubernetes.cri-o.Devices',
  'io.kubernetes.cri-o.userns-mode',
  'io.kubernetes.cri-o.umask',
  'io.kubernetes.cri-o.UnifiedCgroup',
  'seccomp-profile.kubernetes.cri-o.io',
  'run.oci.handler',
  'run.oci.keep_original_groups',
  'run.oci.hooks.stderr',
  'run.oci.mount_context_type',
  'run.oci.systemd.force_cgroup_v1',
  'run.oci.delegate-cgroup',
  'run.oci.seccomp.receiver',
  'run.oci.timens_offset',
  'org.systemd.property.ExecStartPre',
  'org.criu.config',
  'PODMAN_SYSTEMD_UNIT',
  'INSTALL',
  'RUN',
  'UNINSTALL',
  'io.tspod.privileged',
  'io.tspod.role',
  'tspod.hooks',
  'com.docker.security.privileged',
];
