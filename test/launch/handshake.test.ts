/** The launch as a talk: wrong words, too few words, and the death of any side at any time. Nothing may be left behind. */
import { existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { CODES } from '../../src/plan/codes.js';
import { encodePlan } from '../../src/plan/encode.js';
import { STAGES } from '../../src/plan/ops.js';
import type { Plan, Step } from '../../src/plan/ops.js';
import {
  beforePivot,
  containedPlan,
  init,
  launchPlan,
  outcomeOf,
  prepare,
  runContained,
  setting,
  spawnMonitor,
  teardown,
} from '../helpers/contained.js';
import { isNullDevice } from '../helpers/native.js';
import { isAlive, untilGone } from '../helpers/processes.js';
import { requires } from '../helpers/requires.js';
import { temporaryDirectory } from '../helpers/temp.js';
import { until } from '../helpers/until.js';

const BEFORE_PIVOT = STAGES.indexOf('beforePivot');
const GATE = init({ op: 'awaitStage', awaited: 0, gate: 1 });
const AWAIT = init({ op: 'awaitStage', awaited: BEFORE_PIVOT, gate: 0 });

/** A hook that tells the container's pid in a file, and then waits for letGo() or the end of the directory. */
function waitingHook(directory: string): Step {
  return beforePivot({
    op: 'hook',
    path: '/bin/sh',
    args: ['sh', '-c', 'cat > $D/new; mv $D/new $D/pid; while [ -d $D ] && [ ! -e $D/go ]; do sleep 0.02; done'],
    env: ['PATH=/usr/bin:/bin', `D=${directory}`],
    timeoutMs: 0,
    stateBefore: Buffer.from(''),
    stateAfter: Buffer.from(''),
  });
}

const letGo = (directory: string): void => writeFileSync(join(directory, 'go'), '');

/** The container's pid, once its hook runs. */
async function pidAtHook(directory: string): Promise<number> {
  const path = join(directory, 'pid');
  await until('the hook runs', () => existsSync(path));
  return Number(readFileSync(path, 'utf8'));
}

/** A file that teardown removes: gone when it has run. */
function trace(t: ExecutionContext): { path: string; removal: Step } {
  const path = join(temporaryDirectory(t), 'trace');
  writeFileSync(path, '');
  return { path, removal: teardown({ op: 'removeFile', path }) };
}

test('a monitor that is told nothing ends without a word', async (t) => {
  const { engine, ended } = spawnMonitor(t);
  engine.socket.end();
  t.is(await ended, 0);
});

test('a monitor whose engine dies in the middle of the plan ends, having done nothing', async (t) => {
  const { path, removal } = trace(t);
  const { engine, ended } = spawnMonitor(t);
  const plan = encodePlan({ steps: [removal] });
  const header = Buffer.alloc(12);
  header.writeUInt32LE(plan.length + 4, 0);
  header.writeUInt32LE(1, 4);
  header.writeUInt32LE(plan.length, 8);
  engine.socket.write(Buffer.concat([header, plan.subarray(0, plan.length - 3)]));
  engine.socket.end();
  t.is(await ended, 1);
  t.true(existsSync(path));
});

/** What a monitor answers to bytes that are not what it waits for. */
async function refuses(t: ExecutionContext, bytes: Uint8Array, errno: number, detail: RegExp): Promise<void> {
  const { engine, ended } = spawnMonitor(t);
  engine.socket.write(bytes);
  const failed = await engine.expect('failed');
  t.is(failed.errno, errno);
  t.is(failed.step, 0xffff_ffff);
  t.regex(failed.detail, detail);
  t.is(await ended, 1);
}
const words = (...values: readonly number[]): Buffer => {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => bytes.writeUInt32LE(value, index * 4));
  return bytes;
};
const EPROTO = 71;
const EBADMSG = 74;
const EMSGSIZE = 90;
const EPROTONOSUPPORT = 93;
test('a message other than attach and launch comes too early', refuses, words(0, 2), EPROTO, /before launch/);
test('a message of an unknown type is refused', refuses, words(0, 4711), EPROTO, /before launch/);
test('a plan longer than any is refused before it is read', refuses, words(0xffff_ffff, 1), EMSGSIZE, /launch/);
test('an empty launch is refused', refuses, words(0, 1), EMSGSIZE, /launch/);
test('a launch that claims another length is refused', refuses, words(8, 1, 400, 0), EBADMSG, /launch/);
test('an attach of a wrong length is refused', refuses, words(4, 3, 1), EPROTO, /attach/);
test('bytes that are no plan are refused', refuses, words(16, 1, 12, 1, 2, 3), EBADMSG, /not a plan/);
test(
  'a plan of another version is refused',
  refuses,
  words(16, 1, 12, 0x4c50_5354, 99, 0),
  EPROTONOSUPPORT,
  /another version/,
);

test('a plan that is cut short names the step', async (t) => {
  const { engine } = spawnMonitor(t);
  const bytes = Buffer.from(
    encodePlan({
      steps: [setting({ op: 'role', kind: CODES.monitorRole.exec }), prepare({ op: 'unshare', flags: 0 })],
    }),
  );
  const plan = bytes.subarray(0, bytes.length - 2);
  engine.socket.write(Buffer.concat([words(plan.length + 4, 1, plan.length), plan]));
  t.like(await engine.expect('failed'), { step: 1, errno: EBADMSG, detail: 'plan that is cut short' });
});

async function endsWith(t: ExecutionContext, plan: Plan, expected: string): Promise<void> {
  if (!requires(t, 'root')) return;
  t.is((await outcomeOf(t, launchPlan(t, plan))).end, expected);
}
const CLONE_STEP = prepare({ op: 'clone', flags: 0n, cgroupSlot: -1 });
test(
  'a plan without clone',
  endsWith,
  { steps: [setting({ op: 'role', kind: CODES.monitorRole.exec })] },
  'failed - EBADMSG plan without clone',
);
test(
  'a plan without exec',
  endsWith,
  { steps: [setting({ op: 'role', kind: CODES.monitorRole.exec }), CLONE_STEP] },
  'failed - EBADMSG plan without exec',
);
test(
  'a step of init in another stage is refused before anything is done',
  endsWith,
  { steps: [setting({ op: 'role', kind: CODES.monitorRole.exec }), { op: 'newSession', stage: 'prepare' }] },
  'failed newSession EBADMSG step in a stage that it cannot run in',
);

test('gate: created, then started when told so', async (t) => {
  if (!requires(t, 'root')) return;
  const launch = launchPlan(t, containedPlan(t, { after: [GATE], command: ['echo', 'x'] }));
  const created = await launch.engine.expect('created');
  t.true(isAlive(created.pid));
  t.false(launch.engine.has('started'));
  t.is(readFileSync(`/proc/${created.pid}/comm`, 'utf8'), 'tspod-launch\n');
  launch.engine.send('start', {});
  t.is((await launch.engine.expect('started')).pid, created.pid);
  t.is((await outcomeOf(t, launch)).value('arg'), 'x');
});

test('gate: a step after it that fails is told as the answer to start', async (t) => {
  if (!requires(t, 'root')) return;
  const { path, removal } = trace(t);
  const plan = containedPlan(t, { outside: [removal], after: [GATE], exec: { args: ['/no/such'] } });
  const launch = launchPlan(t, plan);
  await launch.engine.expect('created');
  launch.engine.send('start', {});
  t.is((await outcomeOf(t, launch)).end, 'failed exec ENOENT execve /no/such');
  t.false(existsSync(path));
});

test('gate: what waits there has nothing of the monitor open', async (t) => {
  if (!requires(t, 'root')) return;
  const launch = launchPlan(t, containedPlan(t, { after: [GATE] }));
  const { pid } = await launch.engine.expect('created');
  const inodes = (of: number): string[] => listLinks(`/proc/${of}/fd`, (path) => !isNullDevice(path));
  const shared = inodes(pid).filter((link) => inodes(launch.monitor.pid ?? 0).includes(link));
  // The streams' pipes have two ends under one name, and the procfs is the same file.
  t.deepEqual(
    shared.filter((link) => !link.startsWith('pipe:') && link !== '/proc'),
    [],
  );
});

test('the monitor dies while a hook runs: the container ends too', async (t) => {
  if (!requires(t, 'root')) return;
  const directory = temporaryDirectory(t);
  const stateHook = waitingHook(directory);
  const launch = launchPlan(
    t,
    containedPlan(t, { outside: [stateHook], before: [AWAIT], command: ['sleep', '60000'] }),
  );
  const pid = await pidAtHook(directory);
  t.true(isAlive(pid));
  launch.monitor.kill('SIGKILL');
  await untilGone(pid);
  t.pass();
});

test('the monitor dies while the container waits at the gate: it ends too', async (t) => {
  if (!requires(t, 'root')) return;
  const launch = launchPlan(t, containedPlan(t, { after: [GATE] }));
  const { pid } = await launch.engine.expect('created');
  launch.monitor.kill('SIGKILL');
  await untilGone(pid);
  t.pass();
});

test('the monitor dies after the start: the container goes on', async (t) => {
  if (!requires(t, 'root')) return;
  const launch = launchPlan(t, containedPlan(t, { command: ['sleep', '60000'] }));
  const { pid } = await launch.engine.expect('started');
  launch.monitor.kill('SIGKILL');
  await launch.ended;
  await new Promise((wake) => setTimeout(wake, 100));
  t.true(isAlive(pid));
  process.kill(pid, 'SIGKILL');
});

test('the engine dies before the start: kill, teardown, end', async (t) => {
  if (!requires(t, 'root')) return;
  const directory = temporaryDirectory(t);
  const { path, removal } = trace(t);
  const plan = containedPlan(t, {
    outside: [waitingHook(directory), removal],
    before: [AWAIT],
    command: ['sleep', '60000'],
  });
  const launch = launchPlan(t, plan);
  const pid = await pidAtHook(directory);
  launch.engine.socket.destroy();
  letGo(directory);
  await launch.ended;
  t.false(existsSync(path));
  t.false(isAlive(pid));
});

test('the container is killed while it waits at the gate: the monitor tears down and ends', async (t) => {
  if (!requires(t, 'root')) return;
  const { path, removal } = trace(t);
  const launch = launchPlan(t, containedPlan(t, { outside: [removal], after: [GATE] }));
  const { pid } = await launch.engine.expect('created');
  process.kill(pid, 'SIGKILL');
  await launch.ended;
  t.false(existsSync(path));
});

test('the container is killed while a hook of the monitor runs: a failure that says so', async (t) => {
  if (!requires(t, 'root')) return;
  const directory = temporaryDirectory(t);
  const launch = launchPlan(t, containedPlan(t, { outside: [waitingHook(directory)], before: [AWAIT] }));
  process.kill(await pidAtHook(directory), 'SIGKILL');
  letGo(directory);
  const { end } = await outcomeOf(t, launch);
  t.is(end, 'failed - ECHILD ended before exec: killed by signal 9');
});

test('a command that ends at once has been started all the same', async (t) => {
  if (!requires(t, 'root')) return;
  for (let run = 0; run < 30; run += 1) {
    const outcome = await runContained(t, { command: ['exit', '9'] });
    t.is(outcome.end, 'exit 9');
    t.true(outcome.pid > 0);
  }
});

function listLinks(directory: string, counts: (path: string) => boolean = () => true): string[] {
  return readdirSync(directory).flatMap((name) => {
    try {
      return counts(join(directory, name)) ? [readlinkSync(join(directory, name))] : [];
    } catch {
      return [];
    }
  });
}

test('the monitor leaves its creator’s terminal, directory and streams', async (t) => {
  const { monitor } = spawnMonitor(t);
  const pid = monitor.pid ?? 0;
  await until(
    'it has left them',
    () =>
      readFileSync(`/proc/${pid}/comm`, 'utf8') === 'tspod-monitor\n' &&
      readlinkSync(`/proc/${pid}/fd/2`) === '/dev/null',
  );
  t.is(readlinkSync(`/proc/${pid}/cwd`), '/');
  t.deepEqual(
    [0, 1, 2].map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`)),
    ['/dev/null', '/dev/null', '/dev/null'],
  );
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  t.is(fields[3], `${pid}`, 'a session of its own');
  monitor.kill('SIGKILL');
  await once(monitor, 'exit');
});
