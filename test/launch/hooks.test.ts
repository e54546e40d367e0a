/** OCI hooks: where and when they run, what they are told, and what their failure means. */
import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { STAGES } from '../../src/plan/ops.js';
import type { Stage, Step } from '../../src/plan/ops.js';
import { beforePivot, CLONE, init, prepare, runContained } from '../helpers/contained.js';
import { requires } from '../helpers/requires.js';
import { temporaryDirectory } from '../helpers/temp.js';

const BEFORE_PIVOT = STAGES.indexOf('beforePivot');
const AWAIT = init({ op: 'awaitStage', awaited: BEFORE_PIVOT, gate: 0 });

/** A hook that is a line of shell; $D is a directory of the test. */
function hook(stage: Stage, directory: string, script: string, timeoutMs = 0): Step {
  return {
    op: 'hook',
    stage,
    path: '/bin/sh',
    args: ['hook', '-c', script],
    env: ['PATH=/usr/bin:/bin', `D=${directory}`],
    timeoutMs,
    stateBefore: Buffer.from('{"status":"x","pid":'),
    stateAfter: Buffer.from(',"bundle":"/b"}'),
  };
}

test('hook: each kind runs in its place, in order, and knows the container’s pid', async (t) => {
  if (!requires(t, 'root')) return;
  const directory = temporaryDirectory(t);
  const tell = (name: string): string => `(echo ${name}; cat; echo; readlink /proc/self/ns/mnt) >> $D/log`;
  const outcome = await runContained(t, {
    outside: [
      hook('beforePivot', directory, tell('prestart')),
      hook('started', directory, tell('poststart')),
      hook('teardown', directory, tell('poststop')),
    ],
    before: [AWAIT, hook('init', directory, tell('createContainer'))],
    command: ['sleep', '300'],
  });
  t.is(outcome.end, 'exit 0');
  const host = readlinkSync('/proc/self/ns/mnt');
  const lines = readFileSync(join(directory, 'log'), 'utf8').trimEnd().split('\n');
  const state = `{"status":"x","pid":${outcome.pid},"bundle":"/b"}`;
  t.deepEqual(
    lines.filter((_, index) => index % 3 === 0),
    ['prestart', 'createContainer', 'poststart', 'poststop'],
  );
  t.deepEqual(
    lines.filter((_, index) => index % 3 === 1),
    [state, state, state, state],
  );
  const namespaces = lines.filter((_, index) => index % 3 === 2);
  t.deepEqual([namespaces[0], namespaces[2], namespaces[3]], [host, host, host]);
  t.not(namespaces[1], host);
});

test('hook: one that fails before exec stops the launch, with its words, and teardown runs', async (t) => {
  if (!requires(t, 'root')) return;
  const directory = temporaryDirectory(t);
  const { end } = await runContained(t, {
    outside: [
      hook('beforePivot', directory, 'echo the reason >&2; exit 7'),
      hook('teardown', directory, 'touch $D/torn-down'),
    ],
    before: [AWAIT],
  });
  t.is(end, 'failed hook ECHILD hook /bin/sh: exit code 7: the reason');
  t.true(existsSync(join(directory, 'torn-down')));
});

test('hook: those of a launch that fails before the clone run where the monitor does', async (t) => {
  if (!requires(t, 'root')) return;
  const directory = temporaryDirectory(t);
  const tell = (name: string) => hook('teardown', directory, `readlink /proc/self/ns/pid > $D/${name}`);
  const { end } = await runContained(t, {
    outside: [
      prepare({ op: 'unshare', flags: Number(CLONE.newPid) }),
      prepare({ op: 'openPath', slot: 1, path: '/no/such', flags: 0 }),
      tell('first'),
      tell('second'),
    ],
  });
  t.is(end, 'failed openPath ENOENT openat /no/such');
  for (const name of ['first', 'second'])
    t.is(readFileSync(join(directory, name), 'utf8').trim(), readlinkSync('/proc/self/ns/pid'));
});

test('hook: one that takes too long is ended', async (t) => {
  if (!requires(t, 'root')) return;
  const { end } = await runContained(t, {
    outside: [hook('beforePivot', '/', 'sleep 100', 200)],
    before: [AWAIT],
  });
  t.is(end, 'failed hook ETIMEDOUT hook /bin/sh');
});

test('hook: one that is not there', async (t) => {
  if (!requires(t, 'root')) return;
  const { end } = await runContained(t, {
    before: [AWAIT],
    outside: [{ ...hook('beforePivot', '/', ''), path: '/no/hook' } as Step],
  });
  t.is(end, 'failed hook ENOENT hook /no/hook');
});

test('hook: one after the start that fails is a failure as well, and the container ends', async (t) => {
  if (!requires(t, 'root')) return;
  const { end } = await runContained(t, { outside: [hook('started', '/', 'exit 1')], command: ['sleep', '60000'] });
  t.is(end, 'failed hook ECHILD hook /bin/sh: exit code 1');
});

test('awaitStage: a stage without steps is no matter; steps of it that fail are', async (t) => {
  if (!requires(t, 'root')) return;
  t.is((await runContained(t, { before: [AWAIT] })).end, 'exit 0');
  const failing = beforePivot({ op: 'openPath', slot: 1, path: '/no/such', flags: 0 });
  t.is((await runContained(t, { before: [AWAIT], outside: [failing] })).end, 'failed openPath ENOENT openat /no/such');
});

test('awaitStage: stages come in their order, each once', async (t) => {
  if (!requires(t, 'root')) return;
  t.is((await runContained(t, { before: [AWAIT, AWAIT] })).end, 'failed - EPROTO handshake out of order');
  const earlier = init({ op: 'awaitStage', awaited: STAGES.indexOf('afterClone'), gate: 0 });
  t.is((await runContained(t, { before: [AWAIT, earlier] })).end, 'failed - EPROTO handshake out of order');
  const none = init({ op: 'awaitStage', awaited: STAGES.indexOf('teardown'), gate: 0 });
  t.is((await runContained(t, { before: [none] })).end, 'failed awaitStage EINVAL await 7');
});
