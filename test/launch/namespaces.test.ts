/** Namespaces: new ones, joined ones, pinned ones, and who one is in them. */
import { chmodSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import {
  afterClone,
  CLONE,
  containedPlan,
  init,
  launchPlan,
  O_PATH,
  outcomeOf,
  prepare,
  ROOT,
  runContained,
  setting,
  teardown,
} from '../helpers/contained.js';
import type { Launch } from '../helpers/contained.js';
import { CODES } from '../../src/plan/codes.js';
import { STAGES } from '../../src/plan/ops.js';
import type { Plan } from '../../src/plan/ops.js';
import { requires, skip } from '../helpers/requires.js';
import { temporaryDirectory } from '../helpers/temp.js';

const AFTER_CLONE = STAGES.indexOf('afterClone');

const namespaceOf = (kind: string, pid: number | 'self' = 'self'): string => readlinkSync(`/proc/${pid}/ns/${kind}`);

async function isNew(t: ExecutionContext, kind: string, flag: bigint): Promise<void> {
  if (!requires(t, 'root')) return;
  const { value, end } = await runContained(t, {
    command: ['readlink', `/proc/self/ns/${kind}`],
    namespaces: CLONE.newNs | CLONE.newPid | flag,
    proc: true,
  });
  t.is(end, 'exit 0');
  t.regex(value(`/proc/self/ns/${kind}`) ?? '', new RegExp(`^${kind}:`));
  t.not(value(`/proc/self/ns/${kind}`), namespaceOf(kind));
}

test('clone: a mount namespace is new', isNew, 'mnt', CLONE.newNs);
test('clone: a pid namespace is new', isNew, 'pid', CLONE.newPid);
test('clone: a net namespace is new', isNew, 'net', CLONE.newNet);
test('clone: a uts namespace is new', isNew, 'uts', CLONE.newUts);
test('clone: an ipc namespace is new', isNew, 'ipc', CLONE.newIpc);

test('clone: what is not asked for is the host’s', async (t) => {
  if (!requires(t, 'root')) return;
  const { value } = await runContained(t, {
    command: ['readlink', '/proc/self/ns/net', '--', 'readlink', '/proc/self/ns/user'],
    namespaces: CLONE.newNs | CLONE.newPid,
    proc: true,
  });
  t.is(value('/proc/self/ns/net'), namespaceOf('net'));
  t.is(value('/proc/self/ns/user'), namespaceOf('user'));
});

test('unshare: in init, for the namespaces that a clone cannot make', async (t) => {
  if (!requires(t, 'root')) return;
  const { value } = await runContained(t, {
    command: ['readlink', '/proc/self/ns/cgroup', '--', 'cat', '/proc/self/cgroup'],
    first: [init({ op: 'unshare', flags: 0x0200_0000 })],
    proc: true,
  });
  t.not(value('/proc/self/ns/cgroup'), namespaceOf('cgroup'));
});

test('timeOffset: the container’s boot was at another time', async (t) => {
  if (!requires(t, 'root', 'timens')) return;
  const { value, end } = await runContained(t, {
    command: ['clock'],
    outside: [
      prepare({ op: 'unshare', flags: 0x80 }),
      prepare({ op: 'timeOffset', clock: 'boottime', seconds: 1_000_000n, nanoseconds: 0 }),
    ],
  });
  t.is(end, 'exit 0');
  const uptime = Number.parseFloat(readFileSync('/proc/uptime', 'utf8'));
  t.true(Math.abs(Number(value('boottime')) - uptime - 1_000_000) < 60);
});

const userNamespace = {
  first: [init({ op: 'awaitStage', awaited: AFTER_CLONE, gate: 0 }), init({ op: 'becomeNamespaceRoot' })],
  namespaces: CLONE.newUser | CLONE.newNs | CLONE.newPid | CLONE.newUts | CLONE.newIpc | CLONE.newNet,
};
const mapAll = afterClone({ op: 'idMaps', uidMap: '0 200000 1000', gidMap: '0 300000 1000', denySetgroups: 0 });

test('idMaps: root of a user namespace is somebody else outside', async (t) => {
  if (!requires(t, 'root', 'userns')) return;
  const outcome = await runContained(t, {
    ...userNamespace,
    outside: [mapAll],
    proc: true,
    command: ['ids', '--', 'cat', '/proc/self/uid_map', '--', 'create', '/tmp/made', '--', 'stat', '/probe'],
    arrange: chmodTree,
    after: [init({ op: 'useIds', uid: 0, gid: 0, groups: [0, 5] }), init({ op: 'setIds' })],
  });
  t.is(outcome.end, 'exit 0');
  t.is(outcome.value('uid'), '0,0,0');
  t.is(outcome.value('groups'), '0,5');
  t.regex(outcome.stdout, /^ +0 +200000 +1000$/m);
  t.regex(outcome.value('/probe') ?? '', /^- 0755 65534 65534 /);
});

/** Lets those in who are nobody in particular on the host. */
function chmodTree(root: string): void {
  for (const path of [join(root, '..'), root, join(root, 'tmp')]) chmodSync(path, 0o777);
}

test('idMaps: maps that the kernel refuses are an error that names the step', async (t) => {
  if (!requires(t, 'root', 'userns')) return;
  const overlapping = afterClone({ op: 'idMaps', uidMap: '0 1 5\n2 9 5\n', gidMap: '0 1 5', denySetgroups: 0 });
  const { end } = await runContained(t, { ...userNamespace, outside: [overlapping] });
  t.regex(end, /^failed idMaps EINVAL write \d+\/uid_map$/);
});

test('idMaps: setgroups can be denied first', async (t) => {
  if (!requires(t, 'root', 'userns')) return;
  const denied = afterClone({ op: 'idMaps', uidMap: '0 200000 1', gidMap: '0 300000 1', denySetgroups: 1 });
  const { stdout } = await runContained(t, {
    ...userNamespace,
    outside: [denied],
    proc: true,
    arrange: chmodTree,
    command: ['cat', '/proc/self/setgroups'],
  });
  t.is(stdout, 'deny\n');
});

test('mountAttributes: an identity-mapped mount shows files as another’s, made by the monitor and sent to the child', async (t) => {
  if (!requires(t, 'root', 'userns')) return;
  const source = temporaryDirectory(t);
  writeFileSync(join(source, 'file'), 'x');
  const outcome = await runContained(t, {
    ...userNamespace,
    outside: [
      mapAll,
      afterClone({ op: 'openChildNamespace', slot: 5, kind: 'user' }),
      afterClone({ op: 'openTree', slot: 6, path: source, recursive: 0 }),
      afterClone({
        op: 'mountAttributes',
        slot: 6,
        set: 0x10_0000n,
        clear: 0n,
        propagation: 0n,
        recursive: 0,
        usernsSlot: 5,
      }),
    ],
    arrange: chmodTree,
    before: [init({ op: 'attachInRoot', slot: 6, rootSlot: ROOT, target: '/tmp', create: CODES.create.nothing })],
    command: ['stat', '/tmp/file'],
  });
  if (outcome.end.startsWith('failed mountAttributes EINVAL')) return skip(t, 'the file system knows no identity maps');
  t.is(outcome.end, 'exit 0');
  t.is(outcome.value('/tmp/file'), '- 0644 0 0 0:0 1');
});

/** A container that runs until the test ends. */
async function sleeper(t: ExecutionContext): Promise<{ launch: Launch; pid: number; startTime: bigint }> {
  const launch = launchPlan(
    t,
    containedPlan(t, {
      command: ['sleep', '20000'],
      proc: true,
      after: [init({ op: 'hostname', name: 'the-other' })],
    }),
  );
  const { pid, startTime } = await launch.engine.expect('started');
  return { launch, pid, startTime };
}

const ALL_BUT_PID = Number(CLONE.newNs | CLONE.newUts | CLONE.newIpc | CLONE.newNet);

function joining(process: { pid: number; startTime: bigint }, command: readonly string[]): Plan {
  return {
    steps: [
      setting({ op: 'role', kind: CODES.monitorRole.exec }),
      setting({
        op: 'stdio',
        stdin: CODES.streamKind.null,
        stdout: CODES.streamKind.monitor,
        stderr: CODES.streamKind.monitor,
        stdinSlot: -1,
        stdoutSlot: -1,
        stderrSlot: -1,
        terminal: 0,
        keepStdin: 0,
        stdinOnce: 0,
      }),
      prepare({ op: 'openProcess', slot: 1, pid: process.pid, startTime: process.startTime }),
      prepare({ op: 'joinNamespaces', slot: 1, flags: Number(CLONE.newPid) }),
      prepare({ op: 'clone', flags: 0n, cgroupSlot: -1 }),
      init({ op: 'joinNamespaces', slot: 1, flags: ALL_BUT_PID }),
      init({ op: 'exec', args: ['/probe', ...command], env: [], setHome: 0 }),
    ],
  };
}

test('joinNamespaces: all those of a running process, by one pidfd', async (t) => {
  if (!requires(t, 'root')) return;
  const other = await sleeper(t);
  const plan = joining(other, ['names', '--', 'processes', '--', 'cwd', '--', 'readlink', '/proc/self/ns/net']);
  const outcome = await outcomeOf(t, launchPlan(t, plan));
  t.is(outcome.end, 'exit 0');
  t.is(outcome.value('hostname'), 'the-other');
  t.is(outcome.value('cwd'), '/');
  t.true(Number(outcome.value('pid')) > 1);
  t.is(outcome.value('/proc/self/ns/net'), namespaceOf('net', other.pid));
});

test('openProcess: another process under the same number is not the one that is meant', async (t) => {
  if (!requires(t, 'root')) return;
  const other = await sleeper(t);
  const plan = joining({ pid: other.pid, startTime: other.startTime + 1n }, []);
  const outcome = await outcomeOf(t, launchPlan(t, plan));
  t.is(outcome.end, `failed openProcess ESRCH pidfd_open ${other.pid}`);
});

/** The steps that join a container whose monitor has written this. */
function joiningContainer(t: ExecutionContext, state: string | undefined): Plan {
  const file = join(temporaryDirectory(t), 'state');
  if (state !== undefined) writeFileSync(file, state);
  const { steps } = joining({ pid: 0, startTime: 0n }, ['names']);
  const opened = prepare({ op: 'openDonor', slot: 1, id: 'donor', state: file });
  return { steps: steps.map((step) => (step.op === 'openProcess' ? opened : step)) };
}

test('openDonor: the first process of a container that runs, by the state of its monitor', async (t) => {
  if (!requires(t, 'root')) return;
  const { pid, startTime } = await sleeper(t);
  const init = `init ${pid} ${startTime}`;
  const outcome = await outcomeOf(t, launchPlan(t, joiningContainer(t, `${init}\nstatus running\n`)));
  t.is(outcome.value('hostname'), 'the-other');
  const missing = 'failed openDonor ESRCH no running container donor';
  for (const state of [
    undefined,
    `${init}\nstatus created\n`,
    `${init}\nstatus waiting\n`,
    `init ${pid} ${startTime + 1n}\nstatus running\n`,
  ])
    t.is((await outcomeOf(t, launchPlan(t, joiningContainer(t, state)))).end, missing, state);
});

test('joinNamespaces: a monitor whose launch fails is back where it was before it undoes anything', async (t) => {
  if (!requires(t, 'root')) return;
  const other = await sleeper(t);
  const told = join(temporaryDirectory(t), 'told');
  const script = `readlink /proc/self/ns/net /proc/self/ns/mnt > ${told}`;
  const kinds = [
    [5, 'net', CLONE.newNet],
    [6, 'mnt', CLONE.newNs],
  ] as const;
  const plan: Plan = {
    steps: [
      setting({ op: 'role', kind: CODES.monitorRole.exec }),
      prepare({ op: 'openProcess', slot: 1, pid: other.pid, startTime: other.startTime }),
      ...kinds.map(([slot, kind]) => prepare({ op: 'openPath', slot, path: `/proc/self/ns/${kind}`, flags: 0 })),
      ...kinds.map(([, , flag]) => prepare({ op: 'joinNamespaces', slot: 1, flags: Number(flag) })),
      prepare({ op: 'openPath', slot: 7, path: '/no-such-file', flags: 0 }),
      prepare({ op: 'clone', flags: 0n, cgroupSlot: -1 }),
      ...kinds.map(([slot, , flag]) => afterClone({ op: 'joinNamespaces', slot, flags: Number(flag) })),
      teardown({ op: 'runProgram', path: '/bin/sh', args: ['sh', '-c', script], env: [], timeoutMs: 0 }),
    ],
  };
  t.is((await outcomeOf(t, launchPlan(t, plan))).end, 'failed openPath ENOENT openat /no-such-file');
  t.is(readFileSync(told, 'utf8'), `${namespaceOf('net')}\n${namespaceOf('mnt')}\n`);
});

test('openPath: a namespace can be joined by its file, a single one as well', async (t) => {
  if (!requires(t, 'root')) return;
  const other = await sleeper(t);
  const { value } = await runContained(t, {
    namespaces: CLONE.newNs | CLONE.newPid,
    outside: [prepare({ op: 'openPath', slot: 7, path: `/proc/${other.pid}/ns/uts`, flags: 0 })],
    first: [init({ op: 'joinNamespaces', slot: 7, flags: Number(CLONE.newUts) })],
    command: ['names'],
  });
  t.is(value('hostname'), 'the-other');
});

test('joinNamespaces: the wrong kind of namespace is an error', async (t) => {
  if (!requires(t, 'root')) return;
  const { end } = await runContained(t, {
    outside: [prepare({ op: 'openPath', slot: 7, path: '/proc/self/ns/uts', flags: 0 })],
    first: [init({ op: 'joinNamespaces', slot: 7, flags: Number(CLONE.newNet) })],
  });
  t.is(end, 'failed joinNamespaces EINVAL setns');
});

test('pinNamespace: a namespace outlives who made it, is pinned again in place, and goes at teardown', async (t) => {
  if (!requires(t, 'root')) return;
  const directory = temporaryDirectory(t);
  const pin = join(directory, 'uts');
  const pinning = (): Promise<unknown> =>
    runContained(t, {
      first: [init({ op: 'hostname', name: 'pinned' }), init({ op: 'awaitStage', awaited: AFTER_CLONE, gate: 0 })],
      outside: [
        afterClone({ op: 'openChildNamespace', slot: 9, kind: 'uts' }),
        afterClone({ op: 'joinNamespaces', slot: 9, flags: Number(CLONE.newUts) }),
        afterClone({ op: 'pinNamespace', kind: 'uts', path: pin }),
      ],
    });
  await pinning();
  const first = statSync(pin).ino;
  await pinning();
  t.not(statSync(pin).ino, first);
  t.is(readFileSync('/proc/self/mountinfo', 'utf8').split(pin).length, 2);

  const { value, end } = await runContained(t, {
    namespaces: CLONE.newNs | CLONE.newPid,
    outside: [
      prepare({ op: 'openPath', slot: 7, path: pin, flags: 0 }),
      teardown({ op: 'unmount', path: pin }),
      teardown({ op: 'unmount', path: pin }),
      teardown({ op: 'removeFile', path: pin }),
    ],
    first: [init({ op: 'joinNamespaces', slot: 7, flags: Number(CLONE.newUts) })],
    command: ['names'],
  });
  t.is(end, 'exit 0');
  t.is(value('hostname'), 'pinned');
  t.is(statSync(pin, { throwIfNoEntry: false }), undefined);
});

test('becomeInit and pid namespaces: the first process is pid 1, and the host knows it by another number', async (t) => {
  if (!requires(t, 'root')) return;
  const { value, pid } = await runContained(t, { command: ['processes'] });
  t.is(value('pid'), '1');
  t.is(value('ppid'), '0');
  t.true(pid > 1);
});

test('openPath: flags and paths are the kernel’s business', async (t) => {
  if (!requires(t, 'root')) return;
  const missing = await runContained(t, {
    outside: [prepare({ op: 'openPath', slot: 1, path: '/no/such', flags: O_PATH })],
  });
  t.is(missing.end, 'failed openPath ENOENT openat /no/such');
});
