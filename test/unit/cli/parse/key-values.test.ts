import test from 'ava';

import { parseEnv, parseLabels, parsePairs, readEnvFile, readLabelFile } from '../../../../src/cli/parse/key-values.js';
import { fakeCaller } from '../caller.js';

const CALLER = fakeCaller({
  env: { HOME: '/root', HOSTTYPE: 'x', EMPTY: '' },
  files: {
    env: '# comment\n\n  A=1\nB= spaced \nHOME\nNOSUCH\nHO*\nC=a=b\r\n#D=4\n',
    bad: '=x\n',
    labels: 'a=b\n#c=d\nHOME\n  e=\n',
  },
});

const env = test.macro<[string[], Record<string, string>]>({
  exec: (t, items, expected) => t.deepEqual(parseEnv(items, CALLER), expected),
  title: (_, items) => `--env ${items.join(' --env ')}`,
});

test(env, ['A=1'], { A: '1' });
test(env, ['A='], { A: '' });
test(env, ['A=b=c'], { A: 'b=c' });
test(env, ['A=1', 'A=2'], { A: '2' });
test(env, ['HOME'], { HOME: '/root' });
test(env, ['EMPTY'], { EMPTY: '' });
test(env, ['NOSUCH'], {});
test(env, ['HO*'], { HOME: '/root', HOSTTYPE: 'x' });
test(env, ['*'], { HOME: '/root', HOSTTYPE: 'x', EMPTY: '' });
test(env, ['A*=1'], { 'A*': '1' });

test('--env refuses an item without a name', (t) => {
  for (const item of ['=x', '=', ''])
    t.is(t.throws(() => parseEnv([item], CALLER))?.message, `invalid environment variable: "${item}"`);
});

test('--env-file: comments and empty lines are skipped, leading spaces go, values are kept as they are', (t) => {
  t.deepEqual(readEnvFile('env', CALLER), { A: '1', B: ' spaced ', HOME: '/root', HOSTTYPE: 'x', C: 'a=b' });
});

test('--env-file names the file that is missing or wrong', (t) => {
  t.is(
    t.throws(() => readEnvFile('/nosuch', CALLER))?.message,
    'parsing env file "/nosuch": open /nosuch: no such file or directory',
  );
  t.is(
    t.throws(() => readEnvFile('bad', CALLER))?.message,
    'parsing env file "bad": invalid environment variable: "=x"',
  );
});

test('--label: a key alone has an empty value, a value alone is refused', (t) => {
  t.deepEqual(parseLabels(['a=b', 'c', 'd=', 'e=f=g']), { a: 'b', c: '', d: '', e: 'f=g' });
  t.is(t.throws(() => parseLabels(['=x']))?.message, 'unable to process labels: invalid label format: "=x"');
});

test('--label-file: a line without a value is no label', (t) => {
  t.deepEqual(readLabelFile('labels', CALLER), { a: 'b', e: '' });
  t.is(
    t.throws(() => readLabelFile('/nosuch', CALLER))?.message,
    'unable to process labels: open /nosuch: no such file or directory',
  );
  t.is(
    t.throws(() => readLabelFile('bad', CALLER))?.message,
    'unable to process labels: invalid environment variable: "=x"',
  );
});

test('pairs need a name and a value', (t) => {
  t.deepEqual(parsePairs(['a=b', 'c='], String), { a: 'b', c: '' });
  for (const item of ['a', '=b', ''])
    t.is(t.throws(() => parsePairs([item], (bad) => `bad ${bad}`))?.message, `bad ${item}`);
});

test('a name that every object has is a name like others', (t) => {
  t.is(JSON.stringify(parseEnv(['constructor=1'], CALLER)), '{"constructor":"1"}');
  t.deepEqual(parseEnv(['toString'], CALLER), {});
});
