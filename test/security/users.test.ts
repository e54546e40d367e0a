/** Who a command is and what it may, where the container's files or the caller want it to be somebody else. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  openSync,
  ftruncateSync,
  closeSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';

import { attackersRoot } from '../helpers/attacks.js';
import { collect, output, run, runWith, start, storeOf } from '../helpers/cli.js';
import { SLOW } from '../helpers/pace.js';
import { until } from '../helpers/until.js';
import { testEngine } from '../helpers/engine.js';
import { limitGroup } from '../helpers/limits.js';
import { probePath } from '../helpers/probe.js';
import { requires } from '../helpers/requires.js';

const NONE = '0000000000000000';

test('users: one who is not root has no capabilities, and a set-uid program none beyond the container’s (CVE-2016-8867, CVE-2021-20188)', async (t) => {
  if (!requires(t, 'root', 'overlay', 'busybox', 'gcc')) return;
  const { engine, options } = await testEngine(t);
  const rootfs = attackersRoot(t);
  writeFileSync(join(rootfs, 'etc/shadow'), 'secret', { mode: 0o600 });
  copyFileSync(probePath(), join(rootfs, 'bin/suid'));
  chmodSync(join(rootfs, 'bin/suid'), 0o4755);
  const script = 'grep -E "^Cap(Prm|Eff|Inh|Amb)" /proc/self/status | cut -f2; cat /etc/shadow 2>/dev/null';
  for (const more of [{}, { privileged: true }]) {
    const all = options({ rootfs, rootfsOverlay: true, ...more });
    const container = await engine.containers.create({ ...all, command: ['sleep', '1000'] });
    await container.start();
    const asUser = { user: '1000', command: ['sh', '-c', script] };
    for (const { stdout } of [
      await engine.run({ ...all, ...asUser }),
      await container.exec(asUser),
      await container.exec({ ...asUser, privileged: false }),
    ])
      t.is(stdout, `${NONE}\n${NONE}\n${NONE}\n${NONE}\n`);
  }
  // It becomes root, with what root of the container may have.
  const limited = options({ rootfs, rootfsOverlay: true, user: '1000', capDrop: ['ALL'], capAdd: ['CHOWN'] });
  const status = ['/bin/suid', 'cat', '/proc/self/status'];
  const { stdout } = await engine.run({ ...limited, command: status });
  t.regex(stdout, /^Uid:\t1000\t0\t0\t0$/m);
  t.regex(stdout, /^CapEff:\t0000000000000001$/m);
  const container = await engine.containers.create({
    ...limited,
    security: { noNewPrivileges: true },
    command: ['sleep', '1000'],
  });
  await container.start();
  t.regex((await container.exec({ command: status })).stdout, /^Uid:\t1000\t1000\t1000\t1000$/m);
});

/** What the kernel says of who a process is and what it may. */
const STANDING = "grep -E '^(Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp)' /proc/self/status; readlink /proc/self/ns/mnt";

test('users: a hook whose program is the image’s may what the command may, and nothing more', async (t) => {
  if (!requires(t, 'root', 'overlay', 'busybox', 'libseccomp')) return;
  const { engine, options } = await testEngine(t);
  const rootfs = attackersRoot(t);
  mkdirSync(join(rootfs, 'out'));
  chmodSync(join(rootfs, 'out'), 0o777);
  const hook = `#!/bin/sh\ncat > /out/state\n{ ${STANDING}; } > /out/hook\nmkdir /out/sub && mount -t proc proc /out/sub\necho "$1" >> /out/hook\n`;
  writeFileSync(join(rootfs, 'bin/hook'), hook, { mode: 0o755 });
  const command = ['sh', '-c', `cat /out/state; echo; cat /out/hook; { ${STANDING}; }; ls /out/sub`];
  const hooks = [{ kind: 'startContainer', path: '/bin/hook', args: ['hook', 'ran'], env: ['PATH=/bin'] }] as const;
  for (const more of [
    {},
    { user: '1000', capDrop: ['ALL'], security: { noNewPrivileges: true } },
    { user: '1000:7', capAdd: ['CHOWN'], init: true },
    { uidMaps: [{ containerId: 0, hostId: 100_000, size: 65_536 }], security: { noNewPrivileges: true } },
  ]) {
    const { exitCode, stdout } = await engine.run(options({ rootfs, rootfsOverlay: true, command, hooks, ...more }));
    const what = `${JSON.stringify(more)}: ${stdout}`;
    const [state = '', ...lines] = stdout.trimEnd().split('\n');
    t.is(exitCode, 0, what);
    t.like(JSON.parse(state), { status: 'created' }, what);
    const at = lines.indexOf('ran');
    t.true(at >= 10, what);
    t.deepEqual(lines.slice(0, at), lines.slice(at + 1), 'nothing but the command’s own, and no procfs mounted');
  }
});

test('users: groups of the caller do not come along, the primary one is among them (CVE-2022-2989, CVE-2022-36109, CVE-2023-25173)', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const rootfs = attackersRoot(t);
  storeOf(t).prefix = ['setpriv', '--groups', '4,6,29,4242'];
  await run(t, 0, 'run', '-d', '--name', 'idle', '--rootfs', rootfs, 'sleep', '1000');
  const list = ['grep', '^Groups', '/proc/self/status'];
  for (const [user, groups] of [
    ['0', '0'],
    ['1000', '6 1000'],
    ['1000:29', '29'],
    ['7:8', '8'],
  ] as const) {
    // alice is in disk (6) by the container's own /etc/group
    const expected = groups.split(' ');
    for (const command of [
      ['run', '--rm', '--user', user, '--rootfs', rootfs],
      ['exec', '--user', user, 'idle'],
    ]) {
      const shown = (await output(t, ...command, ...list)).replace('Groups:', '').trim().split(/\s+/);
      t.deepEqual(
        shown.toSorted((a, b) => Number(a) - Number(b)),
        expected,
        `${command.join(' ')}`,
      );
    }
  }
  // The legitimate use, where it is asked for.
  const kept = await output(t, 'run', '--rm', '--group-add', '4242', '--rootfs', rootfs, ...list);
  t.regex(kept, /\b4242\b/);
});

/** A command that waits for ever ends with 124. */
const PATIENCE = ['timeout', '--kill-after', '5', String(60 * SLOW)];

/** Lets the command line and its monitors have so much memory and no more. */
function limitMemory(t: ExecutionContext<unknown>, mebibytes: number): void {
  const store = storeOf(t);
  // Monitors end a moment after the commands: the group waits for them.
  const group = limitGroup(t, 'memory');
  group.limit(mebibytes * 1024 ** 2);
  store.prefix = [...group.prefix, ...PATIENCE];
  t.teardown(() => {
    delete store.prefix;
  });
}

test('users: files of accounts without measure cost no memory, and are refused or bounded (CVE-2025-4437, CVE-2026-47262)', async (t) => {
  if (!requires(t, 'root', 'busybox', 'cgroup1')) return;
  const rootfs = attackersRoot(t);
  limitMemory(t, 200);
  const passwd = join(rootfs, 'etc/passwd');
  const group = join(rootfs, 'etc/group');
  const good = [passwd, group].map((path) => [path, readFileSync(path)] as const);
  const restore = (): void => {
    for (const [path, bytes] of good) {
      rmSync(path, { force: true });
      writeFileSync(path, bytes);
    }
  };
  const long = (path: string): void => {
    const fd = openSync(path, 'w');
    ftruncateSync(fd, 1024 ** 3);
    closeSync(fd);
  };
  const hostile: Readonly<Record<string, () => void>> = {
    'a gigabyte of nothing': () => long(passwd),
    'a gigabyte of groups': () => long(group),
    'a line of 100 MiB': () => writeFileSync(passwd, 'x'.repeat(100 * 1024 ** 2)),
    'a hundred thousand groups': () =>
      writeFileSync(group, Array.from({ length: 100_000 }, (_, id) => `g${id}:x:${id + 1000}:alice\n`).join('')),
    'a pipe': () => {
      rmSync(passwd);
      spawnSync('mkfifo', [passwd]);
    },
    'a device': () => {
      rmSync(passwd);
      spawnSync('mknod', [passwd, 'c', '1', '5']);
    },
    'a link to one': () => {
      rmSync(passwd);
      spawnSync('ln', ['-s', '/dev/zero', passwd]);
    },
  };
  for (const [what, make] of Object.entries(hostile)) {
    make();
    const { status, stderr } = await runAny(
      t,
      'run',
      '--rm',
      '--memory',
      '64m',
      '--user',
      'alice',
      '--rootfs',
      rootfs,
      'true',
    );
    t.true(status === 0 || status === 125 || status === 126, `${what}: ${status} ${stderr}`);
    if (status !== 0) t.regex(stderr, /^Error: /m, what);
    restore();
  }
  t.is((await output(t, 'run', '--rm', '--user', 'alice', '--rootfs', rootfs, 'id', '-u')).trim(), '1000');
});

test('top: a container that makes its accounts endless or a pipe keeps nobody', async (t) => {
  if (!requires(t, 'root', 'busybox', 'overlay')) return;
  const rootfs = attackersRoot(t);
  for (const [number, attack] of [
    'mkfifo /etc/passwd',
    'ln -s /dev/zero /etc/passwd',
    'ln -s /proc/self/mem /etc/passwd',
  ].entries()) {
    const script = `rm /etc/passwd; busybox ${attack}; echo done; exec sleep 1000`;
    await run(
      t,
      0,
      'run',
      '-d',
      '--name',
      `odd${number}`,
      '--passwd=false',
      '--rootfs',
      `${rootfs}:O`,
      'sh',
      '-c',
      script,
    );
    await until('it is done', async () => (await output(t, 'logs', `odd${number}`)).includes('done'));
    storeOf(t).prefix = PATIENCE;
    t.regex(await output(t, 'top', `odd${number}`), /sleep 1000/);
    delete storeOf(t).prefix;
  }
});

async function runAny(t: ExecutionContext<unknown>, ...args: readonly string[]) {
  return collect(start(t, {}, ...args));
}

test('memory: a container that takes all of it ends alone; who looks after it says why (CVE-2019-14891)', async (t) => {
  if (!requires(t, 'root', 'busybox', 'cgroup1')) return;
  const rootfs = attackersRoot(t);
  await runWith(
    t,
    {},
    0,
    'run',
    '-d',
    '--name',
    'bomb',
    '--memory',
    '24m',
    '--memory-swap',
    '24m',
    '--pids-limit',
    '64',
    '--rootfs',
    rootfs,
    'sh',
    '-c',
    'exec tail -n 1 /dev/zero',
  );
  t.is((await output(t, 'wait', 'bomb')).trim(), '137');
  t.is(
    (await output(t, 'inspect', '--format', '{{.State.OOMKilled}} {{.State.Status}}', 'bomb')).trim(),
    'true exited',
  );
  const limits = ['--memory', '24m', '--oom-score-adj', '1000'];
  await run(t, 0, 'run', '-d', '--name', 'other', ...limits, '--rootfs', rootfs, 'sleep', '1000');
  const pid = (await output(t, 'inspect', '--format', '{{.State.ConmonPid}}', 'other')).trim();
  const own = (await output(t, 'inspect', '--format', '{{.State.Pid}}', 'other')).trim();
  const groupOf = (process: string): string =>
    /:memory:(.*)/.exec(readFileSync(`/proc/${process}/cgroup`, 'utf8'))?.[1] ?? '';
  t.not(groupOf(pid), groupOf(own));
  t.false(groupOf(pid).startsWith(groupOf(own)));
  const scoreOf = (process: string): string => readFileSync(`/proc/${process}/oom_score_adj`, 'utf8');
  t.is(scoreOf(own), '1000\n');
  t.is(scoreOf(pid), scoreOf('self'));
});
