/** What each flag of run does, as the kernel shows it inside or outside. */
import {
  existsSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';

import test, { type ExecutionContext } from 'ava';

import { busyboxRoot } from '../../helpers/busybox.js';
import { output, run, runWith } from '../../helpers/cli.js';
import { until } from '../../helpers/until.js';
import { removeCgroups } from '../../helpers/engine.js';
import { testCgroupManager } from '../../helpers/leaks.js';
import { requires, skip, type Requirement } from '../../helpers/requires.js';
import { temporaryDirectory } from '../../helpers/temp.js';

interface Case {
  /** What the machine must have besides root and busybox. */
  readonly needs?: readonly Requirement[];
  readonly flags: readonly string[];
  /** A shell script to run inside. */
  readonly script: string;
  /** What it prints. */
  readonly prints: string | RegExp;
  readonly env?: Readonly<Record<string, string>>;
}

function shows(title: string, { needs = [], flags, script, prints, env = {} }: Case): void {
  test(title, async (t) => {
    if (!requires(t, 'root', 'busybox', ...needs)) return;
    const { stdout } = await runWith(
      t,
      { env },
      0,
      'run',
      '--rm',
      ...flags,
      '--rootfs',
      busyboxRoot(t),
      'sh',
      '-c',
      script,
    );
    if (typeof prints === 'string') t.is(stdout, prints);
    else t.regex(stdout, prints);
  });
}

/** A container that runs while its cgroup is looked at from outside. */
async function cgroupFile(
  t: ExecutionContext,
  flags: readonly string[],
  names: { readonly v1: string; readonly v2: string },
): Promise<string> {
  const id = (await output(t, 'run', '-d', ...flags, '--rootfs', busyboxRoot(t), 'sleep', '1000')).trim();
  const pid = (await output(t, 'inspect', '-f', '{{.State.Pid}}', id)).trim();
  const lines = readFileSync(`/proc/${pid}/cgroup`, 'utf8').trim().split('\n');
  const [controller = '', file = ''] = names.v1.split('/');
  for (const line of lines) {
    const [, controllers = '', ...path] = line.split(':');
    if (!controllers.split(',').includes(controller)) continue;
    return readFileSync(join('/sys/fs/cgroup', controllers, path.join(':'), file), 'utf8').trim();
  }
  const unified = lines.find((line) => line.startsWith('0::'))?.slice(3) ?? '';
  return readFileSync(join('/sys/fs/cgroup', unified, names.v2), 'utf8').trim();
}

function limits(
  title: string,
  flags: readonly string[],
  names: { readonly v1: string; readonly v2: string },
  value: { v1: string; v2: string },
): void {
  test(title, async (t) => {
    if (!requires(t, 'root', 'busybox')) return;
    const found = await cgroupFile(t, flags, names);
    t.true(found === value.v1 || found === value.v2, `${found} is neither ${value.v1} nor ${value.v2}`);
  });
}

// What OpenJDK 17 looks for: four kinds of mounts of version 1, in which its own group is the top.
const seesOwnGroups = `for c in memory cpu cpuacct cpuset; do
  grep -q -E " - cgroup .*[, ]$c(,|$)" /proc/self/mountinfo && grep -q -E "[:,]$c[:,].*/$" /proc/self/cgroup && echo $c
done; cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/cpu/cpu.cfs_quota_us /sys/fs/cgroup/cpuset/cpuset.cpus`;
for (const [flags, limits] of [
  [['-m', '64m'], /^67108864\n-1\n[-,\d]+\n$/],
  [['--cpus', '0.5'], /^\d{12,}\n50000\n[-,\d]+\n$/],
  [['--cpuset-cpus', '0'], /^\d{12,}\n-1\n0\n$/],
] as const) {
  shows(`${flags[0]}: a Java virtual machine finds its limits on cgroup v1`, {
    needs: ['cgroup1'],
    flags,
    script: seesOwnGroups,
    prints: new RegExp(limits.source.replace('^', '^memory\ncpu\ncpuacct\ncpuset\n')),
  });
}

// the process
shows('-e KEY=VALUE and -e KEY of the caller', {
  flags: ['-e', 'A=1', '-e', 'FROM_CALLER', '-e', 'NOT_THERE'],
  env: { FROM_CALLER: 'yes' },
  script: 'echo "$A $FROM_CALLER ${NOT_THERE-unset}"',
  prints: '1 yes unset\n',
});
shows('-e with nothing sets nothing', {
  flags: ['-e', '', '-e', 'A=1', '-e', ''],
  script: 'echo $A',
  prints: '1\n',
});
shows('-e KEY* takes all that start so', {
  flags: ['-e', 'TSPODT_*'],
  env: { TSPODT_A: '1', TSPODT_B: '2' },
  script: 'echo $TSPODT_A $TSPODT_B',
  prints: '1 2\n',
});
shows('--env-host passes everything', {
  flags: ['--env-host'],
  env: { TSPODT_X: 'x' },
  script: 'echo $TSPODT_X',
  prints: 'x\n',
});
shows('--http-proxy is on', {
  flags: [],
  env: { http_proxy: 'http://p:1' },
  script: 'echo $http_proxy',
  prints: 'http://p:1\n',
});
shows('--http-proxy=false', {
  flags: ['--http-proxy=false'],
  env: { http_proxy: 'http://p:1' },
  script: 'echo "${http_proxy-unset}"',
  prints: 'unset\n',
});
shows('--unsetenv', { flags: ['--unsetenv', 'container'], script: 'echo "${container-unset}"', prints: 'unset\n' });
shows('the environment says that this is a container', {
  flags: [],
  script: 'echo ${container-unset}',
  prints: /^(podman|tspod|oci)\n$/,
});
shows('-w', { flags: ['-w', '/tmp'], script: 'pwd', prints: '/tmp\n' });
shows('-u by name, with its groups', {
  flags: ['-u', 'alice'],
  script: 'id',
  prints: 'uid=1000(alice) gid=1000(alice) groups=6(disk),1000(alice)\n',
});
shows('-u by numbers', { flags: ['-u', '5:7'], script: 'id -u; id -g', prints: '5\n7\n' });
shows('--group-add', {
  flags: ['-u', 'alice', '--group-add', 'audio', '--group-add', '77'],
  script: 'id -G',
  prints: /\b29\b.*\b77\b|\b77\b.*\b29\b/,
});
shows('--umask', { flags: ['--umask', '0077'], script: 'umask', prints: '0077\n' });
shows('the umask is 0022 without it', { flags: [], script: 'umask', prints: '0022\n' });
shows('--init is PID 1 and the command is not', {
  flags: ['--init'],
  script: 'echo $$; cat /proc/1/comm',
  prints: /^(?!1\n)\d+\n(?!sh)/,
});
shows('without --init the command is PID 1', { flags: [], script: 'echo $$', prints: '1\n' });
shows('--entrypoint', {
  flags: ['--entrypoint', '["/bin/busybox","echo","hello"]'],
  script: 'x',
  prints: 'hello sh -c x\n',
});
shows('--tz', {
  needs: ['root'],
  flags: ['--tz', 'UTC'],
  script: 'readlink /etc/localtime || ls /etc/localtime; echo ${TZ-}',
  prints: /UTC|localtime/,
});
shows('--tz local, with the directory of the host in which it is a link', {
  needs: ['root'],
  flags: ['--tz', 'local', '-v', '/etc:/of-the-host'],
  script: 'wc -c </etc/localtime',
  prints: `${String(statSync('/etc/localtime').size)}\n`,
});
shows('--personality', { flags: ['--personality', 'LINUX32'], script: 'uname -m', prints: /^(i.86|armv8l|armv7l)\n$/ });
shows('-t is a terminal', { flags: ['-t'], script: 'test -t 1 && tty; echo $TERM', prints: '/dev/pts/0\r\nxterm\r\n' });
shows('without -t there is none', { flags: [], script: 'test -t 0 || echo none', prints: 'none\n' });

// isolation
shows('--hostname', {
  flags: ['--hostname', 'inside'],
  script: 'hostname; echo $HOSTNAME',
  prints: 'inside\ninside\n',
});
shows('-h', { flags: ['-h', 'short'], script: 'hostname', prints: 'short\n' });
shows('--domainname', {
  flags: ['--domainname', 'example'],
  script: 'cat /proc/sys/kernel/domainname',
  prints: 'example\n',
});
shows('--network none has a loopback that is up, and nothing else', {
  flags: ['--network', 'none'],
  script: 'ls /sys/class/net 2>/dev/null || grep -c : /proc/net/dev; ip addr show lo | grep -c 127.0.0.1',
  prints: 'lo\n1\n',
});

const sharesNamespace = test.macro<[flag: string, file: string]>({
  exec: async (t, flag, file) => {
    if (!requires(t, 'root', 'busybox')) return;
    const root = busyboxRoot(t);
    const inside = async (...flags: string[]): Promise<string> =>
      (await output(t, 'run', '--rm', ...flags, '--rootfs', root, 'readlink', `/proc/self/ns/${file}`)).trim();
    const own = readlinkSync(`/proc/self/ns/${file}`);
    t.is(await inside(flag, 'host'), own);
    t.not(await inside(flag, 'private'), own);
    await run(t, 0, 'run', '-d', '--name', 'donor', '--ipc', 'shareable', '--rootfs', root, 'sleep', '1000');
    const pid = (await output(t, 'inspect', '-f', '{{.State.Pid}}', 'donor')).trim();
    const donors = readlinkSync(`/proc/${pid}/ns/${file}`);
    t.is(await inside(flag, 'container:donor'), donors);
    t.is(await inside(flag, `ns:/proc/${pid}/ns/${file}`), donors);
  },
  title: (_, flag) => `${flag} host, private, container: and ns:`,
});
test(sharesNamespace, '--network', 'net');
test(sharesNamespace, '--pid', 'pid');
test(sharesNamespace, '--ipc', 'ipc');
test(sharesNamespace, '--uts', 'uts');
test(sharesNamespace, '--cgroupns', 'cgroup');

test('--uidmap and --gidmap map the ids of files and processes', async (t) => {
  if (!requires(t, 'root', 'busybox', 'userns')) return;
  const root = busyboxRoot(t);
  // what belongs to nobody inside cannot be written to
  for (const name of ['.', ...readdirSync(root, { recursive: true, encoding: 'utf8' })])
    lchownSync(join(root, name), 100000, 200000);
  const flags = ['--uidmap', '0:100000:1000', '--gidmap', '0:200000:1000'];
  const script = 'cat /proc/self/uid_map /proc/self/gid_map; id -u; touch /made';
  const stdout = await output(t, 'run', '--rm', ...flags, '--rootfs', root, 'sh', '-c', script);
  t.is(stdout.replaceAll(/ +/g, ' '), ' 0 100000 1000\n 0 200000 1000\n0\n');
  t.deepEqual([statSync(join(root, 'made')).uid, statSync(join(root, 'made')).gid], [100000, 200000]);
});

// files
shows('--read-only has writable /tmp and /run', {
  flags: ['--read-only'],
  script: 'touch /x 2>/dev/null || echo no; touch /tmp/x /run/x && echo yes',
  prints: 'no\nyes\n',
});
shows('--read-only --read-only-tmpfs=false has not', {
  flags: ['--read-only', '--read-only-tmpfs=false'],
  script: 'touch /tmp/x 2>/dev/null || echo no',
  prints: 'no\n',
});
shows('--tmpfs with size and mode', {
  flags: ['--tmpfs', '/mnt:size=1m,mode=0700'],
  script: 'stat -f -c %T /mnt; stat -c %a /mnt; grep " /mnt " /proc/mounts | grep -c size=1024k',
  prints: 'tmpfs\n700\n1\n',
});
shows('--shm-size', { flags: ['--shm-size', '2m'], script: 'grep " /dev/shm " /proc/mounts', prints: /size=2048k/ });
test('--device with a name and rights', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const device = ['/dev/loop-control', '/dev/rtc0', '/dev/fuse', '/dev/port', '/dev/mem'].find((path) =>
    existsSync(path),
  );
  if (device === undefined) return skip(t, 'no device that containers do not have anyway');
  const number = (path: string): string => `stat -c %t:%T ${path}`;
  const script = `${number('/dev/other')}; (: < /dev/other) 2>&1; (: > /dev/other) 2>&1; true`;
  const { stdout } = await run(
    t,
    0,
    'run',
    '--rm',
    '--device',
    `${device}:/dev/other:r`,
    '--rootfs',
    busyboxRoot(t),
    'sh',
    '-c',
    script,
  );
  const { rdev } = statSync(device);
  t.true(stdout.startsWith(`${((rdev >> 8) & 0xfff).toString(16)}:${(rdev & 0xff).toString(16)}\n`), stdout);
  t.regex(stdout, /can't create \/dev\/other: Operation not permitted/);
  t.notRegex(stdout, /can't open/);
});

test('a virtual private network has its interface: /dev/net/tun may be opened', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  if (!existsSync('/dev/net/tun')) return skip(t, 'no /dev/net/tun');
  const flags = ['--rm', '--cap-add', 'NET_ADMIN', '-v', '/dev/net/tun:/dev/net/tun', '--rootfs', busyboxRoot(t)];
  t.is(await output(t, 'run', ...flags, 'sh', '-c', ': <> /dev/net/tun && echo opened'), 'opened\n');
});

test('-v mounts a directory, with options', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const [root, directory] = [busyboxRoot(t), temporaryDirectory(t)];
  writeFileSync(join(directory, 'file'), 'content\n');
  const flags = ['run', '--rm', '--rootfs', root];
  t.is(
    await output(
      t,
      ...flags.slice(0, 2),
      '-v',
      `${directory}:/mnt`,
      '--rootfs',
      root,
      'sh',
      '-c',
      'cat /mnt/file; echo more > /mnt/new',
    ),
    'content\n',
  );
  t.is(readFileSync(join(directory, 'new'), 'utf8'), 'more\n');
  await run(t, 1, 'run', '--rm', '-v', `${directory}:/mnt:ro`, '--rootfs', root, 'touch', '/mnt/x');
  await run(
    t,
    126,
    'run',
    '--rm',
    '-v',
    `${root}/bin/busybox:/mnt/busybox:noexec`,
    '--rootfs',
    root,
    '/mnt/busybox',
    'true',
  );
  t.is(
    await output(
      t,
      'run',
      '--rm',
      '--mount',
      `type=bind,src=${directory}/file,dst=/one,ro`,
      '--rootfs',
      root,
      'cat',
      '/one',
    ),
    'content\n',
  );
  mkdirSync(join(directory, 'sub'));
  t.is(
    (
      await runWith(t, { directory }, 0, 'run', '--rm', '-v', './sub:/sub', '--rootfs', root, 'ls', '/')
    ).stdout.includes('sub'),
    true,
  );
});

// security
shows('the default capabilities are eleven', {
  flags: [],
  script: 'grep CapBnd /proc/self/status',
  prints: /00000000800405fb/,
});
shows('--cap-drop ALL --cap-add CHOWN', {
  flags: ['--cap-drop', 'ALL', '--cap-add', 'CHOWN'],
  script: 'grep CapEff /proc/self/status',
  prints: /0000000000000001/,
});
shows('--cap-add NET_ADMIN', {
  flags: ['--cap-add', 'NET_ADMIN'],
  script: 'ip link set lo down && echo ok',
  prints: 'ok\n',
});
shows('--security-opt no-new-privileges', {
  flags: ['--security-opt', 'no-new-privileges'],
  script: 'grep NoNewPrivs /proc/self/status',
  prints: /NoNewPrivs:\s+1/,
});
shows('seccomp is on', {
  needs: ['libseccomp'],
  flags: [],
  script: 'grep Seccomp: /proc/self/status',
  prints: /Seccomp:\s+2/,
});
shows('--security-opt seccomp=unconfined', {
  flags: ['--security-opt', 'seccomp=unconfined'],
  script: 'grep Seccomp: /proc/self/status',
  prints: /Seccomp:\s+0/,
});
test('--security-opt seccomp=FILE: what the profile refuses, and nothing else', async (t) => {
  if (!requires(t, 'root', 'busybox', 'libseccomp')) return;
  const directory = temporaryDirectory(t);
  const rule = { names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 28 };
  writeFileSync(join(directory, 'profile.json'), JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [rule] }));
  const root = `${busyboxRoot(t)}:O`;
  const script = 'mkdir /d || touch /f && echo file';
  for (const name of [join(directory, 'profile.json'), 'profile.json', `../${basename(directory)}/profile.json`]) {
    const flags = ['--rm', '--security-opt', `seccomp=${name}`, '--rootfs', root];
    const { stderr, stdout } = await runWith(t, { directory }, 0, 'run', ...flags, 'sh', '-c', script);
    t.regex(stderr, /No space left on device/);
    t.is(stdout, 'file\n');
  }
});
test('--security-opt seccomp=FILE: a mask of 64 bits', async (t) => {
  if (!requires(t, 'root', 'busybox', 'libseccomp')) return;
  const file = join(temporaryDirectory(t), 'profile.json');
  const refuse = { action: 'SCMP_ACT_ERRNO', errnoRet: 28 };
  const modeIs700 = { value: 'ALL', valueTwo: 0o700, op: 'SCMP_CMP_MASKED_EQ' };
  const calls = Object.entries({ chmod: 1, fchmodat: 2 });
  const syscalls = calls.map(([name, index]) => ({ ...refuse, names: [name], args: [{ ...modeIs700, index }] }));
  const text = JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', syscalls });
  writeFileSync(file, text.replaceAll('"ALL"', '18446744073709551615'));
  const flags = ['--rm', '--security-opt', `seccomp=${file}`, '--rootfs', `${busyboxRoot(t)}:O`];
  const script = 'touch /f; chmod 701 /f && chmod 700 /f; stat -c %a /f';
  const { stdout, stderr } = await runWith(t, {}, 0, 'run', ...flags, 'sh', '-c', script);
  t.regex(stderr, /No space left on device/);
  t.is(stdout, '701\n');
});
shows('--security-opt seccomp= leaves the default', {
  needs: ['libseccomp'],
  flags: ['--security-opt', 'seccomp=unconfined', '--security-opt', 'seccomp='],
  script: 'grep Seccomp: /proc/self/status',
  prints: /Seccomp:\s+2/,
});
shows('--security-opt mask and unmask', {
  flags: ['--security-opt', 'mask=/etc/motd', '--security-opt', 'unmask=/proc/kcore'],
  script: 'wc -c < /etc/motd; test -s /proc/timer_list || echo masked',
  prints: '0\nmasked\n',
});
shows('--privileged has all capabilities and no filter', {
  flags: ['--privileged'],
  script: 'grep -E "CapBnd|Seccomp:" /proc/self/status; test -e /dev/loop-control -o -e /dev/kmsg && echo devices',
  prints: /CapBnd:\s+00000[0-9a-f]*f[0-9a-f]*\nSeccomp:\s+0\ndevices\n/,
});
shows('--sysctl', {
  flags: ['--sysctl', 'net.ipv4.ip_unprivileged_port_start=7'],
  script: 'cat /proc/sys/net/ipv4/ip_unprivileged_port_start',
  prints: '7\n',
});
shows('--ulimit for one limit several times: the last counts', {
  flags: ['--ulimit', 'host', '--ulimit', 'nofile=100:300', '--ulimit', 'nofile=200:250'],
  script: 'ulimit -Sn; ulimit -Hn',
  prints: '200\n250\n',
});
shows('--ulimit', { flags: ['--ulimit', 'nofile=100:200'], script: 'ulimit -Sn; ulimit -Hn', prints: '100\n200\n' });
shows('--oom-score-adj', {
  flags: ['--oom-score-adj', '500'],
  script: 'cat /proc/self/oom_score_adj',
  prints: '500\n',
});

// resources
limits(
  '-m',
  ['-m', '32m'],
  { v1: 'memory/memory.limit_in_bytes', v2: 'memory.max' },
  { v1: '33554432', v2: '33554432' },
);
limits(
  '--memory-reservation',
  ['--memory-reservation', '16m'],
  { v1: 'memory/memory.soft_limit_in_bytes', v2: 'memory.low' },
  { v1: '16777216', v2: '16777216' },
);
limits('--pids-limit', ['--pids-limit', '55'], { v1: 'pids/pids.max', v2: 'pids.max' }, { v1: '55', v2: '55' });
limits('the pids limit is 2048 without it', [], { v1: 'pids/pids.max', v2: 'pids.max' }, { v1: '2048', v2: '2048' });
limits('--pids-limit -1', ['--pids-limit', '-1'], { v1: 'pids/pids.max', v2: 'pids.max' }, { v1: 'max', v2: 'max' });
limits('--cpus', ['--cpus', '0.5'], { v1: 'cpu/cpu.cfs_quota_us', v2: 'cpu.max' }, { v1: '50000', v2: '50000 100000' });
limits(
  '--cpus above the number of the machine',
  ['--cpus', '4096'],
  { v1: 'cpu/cpu.cfs_quota_us', v2: 'cpu.max' },
  { v1: '409600000', v2: '409600000 100000' },
);
limits(
  '--cpu-quota and --cpu-period',
  ['--cpu-quota', '20000', '--cpu-period', '50000'],
  { v1: 'cpu/cpu.cfs_period_us', v2: 'cpu.max' },
  { v1: '50000', v2: '20000 50000' },
);
limits('--cpu-shares', ['--cpu-shares', '512'], { v1: 'cpu/cpu.shares', v2: 'cpu.weight' }, { v1: '512', v2: '20' });
test('CPUs that are not there and quotas that cannot be are refused before anything is made', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const root = ['--rootfs', busyboxRoot(t), 'true'];
  const refused = async (...flags: string[]) => (await run(t, 125, 'create', ...flags, ...root)).stderr;
  const lacks = (what: string): RegExp =>
    new RegExp(`requested ${what} are not available - requested 0-9999, available: 0`);
  t.regex(await refused('--cpuset-cpus', '0-9999'), lacks('CPUs'));
  t.regex(await refused('--cpuset-mems', '0-9999'), lacks('memory nodes'));
  t.regex(await refused('--cpu-quota', '999'), /cannot be less than 1ms \(i\.e\. 1000\)/);
  const available = /^Cpus_allowed_list:\t(.+)$/m.exec(readFileSync('/proc/1/status', 'utf8'))?.[1] ?? '';
  await run(t, 0, 'create', '--name', 'all', '--cpuset-cpus', available, '--cpu-quota', '1000', ...root);
  t.regex((await run(t, 125, 'update', '--cpuset-cpus', '9999', 'all')).stderr, /requested CPUs are not available/);
});
limits('--cpuset-cpus', ['--cpuset-cpus', '0'], { v1: 'cpuset/cpuset.cpus', v2: 'cpuset.cpus' }, { v1: '0', v2: '0' });

test('--memory ends a container that takes more', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const root = busyboxRoot(t);
  await run(
    t,
    137,
    'run',
    '--name',
    'big',
    '-m',
    '16m',
    '--memory-swap',
    '16m',
    '--init',
    '--rootfs',
    root,
    'sh',
    '-c',
    'x=0123456789abcdef; while :; do x=$x$x; done',
  );
  t.is(await output(t, 'inspect', '-f', '{{.State.OOMKilled}}', 'big'), 'true\n');
});

test('--cgroup-parent and --cgroups disabled', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const root = busyboxRoot(t);
  const cgroup = async (...flags: string[]): Promise<string> => {
    const id = (await output(t, 'run', '-d', ...flags, '--rootfs', root, 'sleep', '1000')).trim();
    const pid = (await output(t, 'inspect', '-f', '{{.State.Pid}}', id)).trim();
    return readFileSync(`/proc/${pid}/cgroup`, 'utf8').replaceAll(id, 'ID');
  };
  const cgroupManager = testCgroupManager();
  const [cgroupParent, place] =
    cgroupManager === 'systemd'
      ? ['tspodtest-parent.slice', /:\/tspodtest\.slice\/tspodtest-parent\.slice\/tspod-ID\.scope\/container$/m]
      : ['/tspod-test-parent', /:\/tspod-test-parent\/ID$/m];
  t.regex(await cgroup('--cgroup-parent', cgroupParent), place);
  t.notRegex(await cgroup('--cgroups', 'disabled'), /ID/);
  await run(t, 0, 'rm', '--force', '--all', '--time', '0');
  await removeCgroups({ cgroupManager, cgroupParent });
});

// life cycle and log
test('--stop-signal and --stop-timeout decide how stop ends it', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const root = busyboxRoot(t);
  await run(
    t,
    0,
    'run',
    '-d',
    '--name',
    'polite',
    '--stop-signal',
    'USR1',
    '--rootfs',
    root,
    'sh',
    '-c',
    'trap "exit 4" USR1; echo up; while :; do sleep 0.05; done',
  );
  await until('it listens to signals', async () => (await output(t, 'logs', 'polite')) === 'up\n');
  await run(t, 0, 'stop', 'polite');
  t.is(await output(t, 'inspect', '-f', '{{.State.ExitCode}}', 'polite'), '4\n');
  await run(t, 0, 'run', '-d', '--name', 'deaf', '--stop-timeout', '1', '--rootfs', root, 'sleep', '1000');
  const { stderr } = await run(t, 0, 'stop', 'deaf');
  t.regex(
    stderr,
    /level=warning msg="StopSignal SIGTERM failed to stop container deaf in 1 seconds, resorting to SIGKILL"/,
  );
});

test('--restart on-failure:2', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  await run(
    t,
    0,
    'run',
    '-d',
    '--name',
    'again',
    '--restart',
    'on-failure:2',
    '--rootfs',
    busyboxRoot(t),
    'sh',
    '-c',
    'echo x; exit 3',
  );
  t.is(await output(t, 'wait', 'again'), '3\n');
  t.is(await output(t, 'inspect', '-f', '{{.RestartCount}}', 'again'), '2\n');
  t.is(await output(t, 'logs', 'again'), 'x\nx\nx\n');
});

test('--log-driver and --log-opt decide where and how much is logged', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const [root, directory] = [busyboxRoot(t), temporaryDirectory(t)];
  const path = join(directory, 'log');
  await run(t, 0, 'run', '--log-driver', 'json-file', '--log-opt', `path=${path}`, '--rootfs', root, 'echo', 'hello');
  const entry = JSON.parse(readFileSync(path, 'utf8')) as { log: string; stream: string };
  t.deepEqual([entry.log, entry.stream], ['hello\n', 'stdout']);
  await run(t, 0, 'run', '--name', 'silent', '--log-driver', 'none', '--rootfs', root, 'echo', 'hello');
  t.regex((await run(t, 125, 'logs', 'silent')).stderr, /^Error: .*log/);
  await run(t, 0, 'run', '--name', 'small', '--log-opt', 'max-size=4k', '--rootfs', root, 'seq', '5000');
  t.true((await output(t, 'logs', 'small')).length < 8192);
});

test('labels, annotations and files of labels', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const path = join(temporaryDirectory(t), 'labels');
  writeFileSync(path, 'from=file\n# comment\n');
  await run(
    t,
    0,
    'create',
    '--name',
    'l',
    '-l',
    'a=b',
    '--label-file',
    path,
    '--annotation',
    'x=y',
    '--rootfs',
    busyboxRoot(t),
    'true',
  );
  t.is(
    await output(t, 'inspect', '-f', '{{json .Config.Labels}} {{index .Config.Annotations "x"}}', 'l'),
    '{"a":"b","from":"file"} y\n',
  );
});

test('--hooks-dir runs the hooks that apply', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const [root, directory] = [busyboxRoot(t), temporaryDirectory(t)];
  const script = join(directory, 'hook');
  writeFileSync(script, `#!/bin/sh\necho "$1" >> ${directory}/ran\n`, { mode: 0o755 });
  const hook = (stage: string, when: object): string =>
    JSON.stringify({ version: '1.0.0', hook: { path: script, args: ['hook', stage] }, when, stages: [stage] });
  writeFileSync(join(directory, '1.json'), hook('prestart', { always: true }));
  writeFileSync(join(directory, '2.json'), hook('poststop', { annotations: { '^run-hook$': '^yes$' } }));
  writeFileSync(join(directory, '3.json'), hook('poststart', { commands: ['nosuch'] }));
  await run(t, 0, '--hooks-dir', directory, 'run', '--rm', '--annotation', 'run-hook=yes', '--rootfs', root, 'true');
  t.is(readFileSync(join(directory, 'ran'), 'utf8'), 'prestart\npoststop\n');
});
