import test from 'ava';

import type { CreateOptions, ExecOptions } from '../../../src/spec/create-options.js';
import { execRequest, type ExecRequest } from '../../../src/spec/exec.js';
import { generateSpec } from '../../../src/spec/generate.js';
import { normalizeCreateOptions } from '../../../src/spec/normalize.js';
import { testFacts } from '../../helpers/facts.js';
import { ID, MINIMAL } from '../../helpers/plans.js';

function execOf(options: Partial<ExecOptions>, container: CreateOptions = {}): ExecRequest {
  const facts = testFacts();
  const config = normalizeCreateOptions({ ...MINIMAL, ...container }, facts);
  const { process } = generateSpec(config, facts, { id: ID, rootPath: '/r' });
  if (process === undefined) throw new Error('no process');
  return execRequest({ command: ['ls'], ...options }, { config, facts, container: process });
}

test('what is not said is as in the container', (t) => {
  const { process, identity } = execOf({}, { user: 'me', workdir: '/w', env: { A: '1' }, groups: ['g'], umask: '077' });
  t.like(process, { args: ['ls'], cwd: '/w', terminal: false, user: { umask: 0o077 } });
  t.true(process.env?.includes('A=1'));
  t.deepEqual(identity, { user: 'me', groups: ['g'], addedCapabilities: [] });
});

test('options take the place of what the container has', (t) => {
  const request = execOf(
    {
      user: '5:6',
      workdir: '/x/',
      env: { A: '2', B: '3' },
      tty: true,
      preserveFds: 2,
      timeoutMs: 9,
      interactive: true,
    },
    { env: { A: '1' }, groups: ['g'] },
  );
  t.like(request.process, { cwd: '/x', terminal: true });
  t.deepEqual(
    request.process.env?.filter((item) => /^[AB]=/.test(item)),
    ['A=2', 'B=3'],
  );
  t.true(request.process.env?.includes('TERM=xterm'));
  t.like(request, { tty: true, interactive: true, preserveFds: 2, timeoutMs: 9 });
  t.is(request.identity.user, '5:6');
  t.deepEqual(request.identity.groups, ['g']);
});

test('an exec never holds more than its container, but with privileged', (t) => {
  t.is(execOf({}, { capDrop: ['ALL'] }).process.capabilities?.bounding?.length, 0);
  t.is(execOf({ user: '0' }, { capDrop: ['KILL'] }).process.capabilities?.effective?.length, 10);
  t.is(execOf({ user: '1000' }).process.capabilities?.effective?.length, 0);
  t.is(execOf({ privileged: true }, { capDrop: ['ALL'] }).process.capabilities?.effective?.length, 41);
  t.deepEqual(execOf({}, { user: '7', capAdd: ['KILL'] }).process.capabilities?.ambient, ['CAP_KILL']);
});

test('capabilities that were added are held by the user of the container, and by no other but root', (t) => {
  for (const capAdd of [['NET_ADMIN'], ['ALL']]) {
    const container = { user: '7', capAdd };
    for (const user of [undefined, '7']) {
      const { process, identity } = execOf({ ...(user === undefined ? {} : { user }) }, container);
      t.true(process.capabilities?.ambient?.includes('CAP_NET_ADMIN'));
      t.true(identity.addedCapabilities.includes('CAP_NET_ADMIN'));
    }
    t.true(execOf({ user: '0' }, container).process.capabilities?.effective?.includes('CAP_NET_ADMIN'));
    for (const [user, ofContainer] of [
      ['8', '7'],
      ['7:8', '7'],
      ['name', '7'],
      ['7', ''],
    ] as const) {
      const options = { ...container, ...(ofContainer === '' ? { user: '0' } : {}) };
      for (const privileged of [false, true]) {
        const { process, identity } = execOf({ user, privileged }, options);
        const { effective, permitted, inheritable, ambient } = process.capabilities ?? {};
        t.deepEqual([effective, permitted, inheritable, ambient], [[], [], [], []], user);
        t.deepEqual(identity.addedCapabilities, [], user);
      }
    }
  }
});

const refused = test.macro({
  exec: (t, options: object, message: RegExp) => {
    t.throws(() => execOf(options), { message });
  },
  title: (_, options) => `refused: exec ${JSON.stringify(options)}`,
});
test(refused, { command: [] }, /exec requires a command/);
test('refused: exec with more variables than a program can have', (t) => {
  const env = Object.fromEntries([...'abcdefghijklm'].map((name) => [name, 'x'.repeat(130_000)]));
  t.throws(() => execOf({ command: ['true'], env }), {
    code: 'INVALID_ARGUMENT',
    message: /the environment is \d+ bytes/,
  });
});
test(refused, { user: '4294967296' }, /user number must be/);
test(refused, { workdir: 'x' }, /workdir must be an absolute path/);
test(refused, { env: { '': 'x' } }, /invalid name/);
test(refused, { timeoutMs: -1 }, /timeoutMs must be/);
test(refused, { workDir: '/x' }, /unknown option "workDir" in exec options: did you mean "workdir"/);
