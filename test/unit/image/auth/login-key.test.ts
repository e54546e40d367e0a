import test from 'ava';

import { dockerLoginKey, readLoginKey } from '../../../../src/image/auth/login-key.js';

test('login key: a registry, or a path in one', (t) => {
  t.deepEqual(readLoginKey('https://quay.io/'), { key: 'quay.io', registry: 'quay.io', path: undefined });
  t.deepEqual(readLoginKey('quay.io/team/app'), { key: 'quay.io/team/app', registry: 'quay.io', path: 'team/app' });
  t.deepEqual(readLoginKey('artifactory'), { key: 'artifactory', registry: 'artifactory', path: undefined });
  for (const text of ['', '/', 'a b', 'quay.io/Team', '-'])
    t.throws(() => readLoginKey(text), { code: 'INVALID_ARGUMENT' }, text);
});

test('login key: as Docker has it', (t) => {
  t.is(dockerLoginKey('quay.io'), 'quay.io');
  t.is(dockerLoginKey('docker.io'), 'https://index.docker.io/v1/');
  t.throws(() => dockerLoginKey('quay.io/team'), { code: 'INVALID_ARGUMENT', message: /path in a registry/ });
});
