import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import test, { type ExecutionContext } from 'ava';

import { readHooks, type HookSubject } from '../../../../src/container/create/hook-directories.js';
import { temporaryDirectory } from '../../../helpers/temp.js';

const HOOK = { version: '1.0.0', hook: { path: '/bin/sh' }, when: { always: true }, stages: ['prestart'] };

const NOTHING: HookSubject = { annotations: {}, program: '', hasBindMounts: false };

function directoryOf(t: ExecutionContext, files: Readonly<Record<string, unknown>>): string {
  const directory = join(temporaryDirectory(t), 'hooks');
  mkdirSync(directory);
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(directory, name), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return directory;
}

/** Kinds of the hooks that apply. */
function kinds(t: ExecutionContext, when: object, subject: Partial<HookSubject>): string[] {
  return readHooks([directoryOf(t, { 'a.json': { ...HOOK, when } })], { ...NOTHING, ...subject }).map(
    ({ kind }) => kind,
  );
}

test('a hook has its program, its words, its variables and its time', (t) => {
  const directory = directoryOf(t, {
    'a.json': {
      ...HOOK,
      hook: { path: '/bin/sh', args: ['hook', 'x'], env: ['A=1'], timeout: 3 },
      stages: ['prestart', 'poststop'],
    },
    'ignored.txt': 'not JSON',
  });
  const common = { path: '/bin/sh', args: ['hook', 'x'], env: ['A=1'], timeoutSec: 3 };
  t.deepEqual(readHooks([directory], NOTHING), [
    { kind: 'prestart', ...common },
    { kind: 'poststop', ...common },
  ]);
});

test('hooks come in the order of their file names, and a later directory replaces one of the same name', (t) => {
  const named = (path: string): object => ({ ...HOOK, hook: { path } });
  const first = directoryOf(t, { '2.json': named('/bin/sh'), '1.json': named('/bin/true') });
  const second = directoryOf(t, { '2.json': named('/bin/false') });
  t.deepEqual(
    readHooks([first, second], NOTHING).map(({ path }) => path),
    ['/bin/true', '/bin/false'],
  );
});

test('every condition that is named must hold', (t) => {
  const options = {
    program: '/usr/bin/python3',
    annotations: { 'com.example.hook': 'yes' },
    hasBindMounts: true,
  };
  t.deepEqual(kinds(t, { always: true }, options), ['prestart']);
  t.deepEqual(kinds(t, { always: false }, options), []);
  t.deepEqual(kinds(t, {}, options), []);
  t.deepEqual(kinds(t, { commands: ['python3$'] }, options), ['prestart']);
  t.deepEqual(kinds(t, { commands: ['^python'] }, options), []);
  t.deepEqual(kinds(t, { annotations: { '^com\\.example\\.': '^yes$' } }, options), ['prestart']);
  t.deepEqual(kinds(t, { annotations: { '^com\\.example\\.': '^no$' } }, options), []);
  t.deepEqual(kinds(t, { hasBindMounts: true }, options), ['prestart']);
  t.deepEqual(kinds(t, { hasBindMounts: true }, {}), []);
  t.deepEqual(kinds(t, { always: true, commands: ['nosuch'] }, options), []);
  t.deepEqual(kinds(t, { hasBindMounts: false }, {}), ['prestart']);
});

const refused = test.macro<[unknown, RegExp]>({
  exec: (t, content, message) => {
    t.regex(t.throws(() => readHooks([directoryOf(t, { 'a.json': content })], NOTHING))?.message ?? '', message);
  },
  title: (title = '') => `refuses ${title}`,
});

test('what is no JSON', refused, '{', /^parsing hook ".*a\.json": /);
test('another version', refused, { ...HOOK, version: '0.1.0' }, /unrecognized hook version: "0.1.0"/);
test('a relative program', refused, { ...HOOK, hook: { path: 'hook' } }, /hook\.path must be an absolute path/);
test('no stages', refused, { ...HOOK, stages: [] }, /missing required property: stages/);
test('an unknown stage', refused, { ...HOOK, stages: ['never'] }, /unknown stage "never"/);
test('no condition', refused, { ...HOOK, when: undefined }, /missing required property: when/);
test('a timeout below 1', refused, { ...HOOK, hook: { path: '/bin/sh', timeout: 0 } }, /hook\.timeout must be above 0/);
test('a pattern that is none', refused, { ...HOOK, when: { commands: ['('] } }, /^parsing hook ".*a\.json": .*\(/);
test(
  'a condition of another kind',
  refused,
  { ...HOOK, when: { always: 'yes' } },
  /when\.always must be true or false/,
);
test('a program that is missing', refused, { ...HOOK, hook: { path: '/nosuch/hook' } }, /a\.json": .*\/nosuch\/hook/);
test('null', refused, 'null', /unrecognized hook version/);

test('a directory that is missing is named', (t) => {
  t.regex(t.throws(() => readHooks(['/nosuch/hooks'], NOTHING))?.message ?? '', /^hooks directory "\/nosuch\/hooks"/);
});
