import test from 'ava';

import { CliError } from '../../../../src/cli/errors/cli-error.js';
import { parseSecret } from '../../../../src/cli/parse/secret.js';

test('a name alone, and options in any order', (t) => {
  t.deepEqual(parseSecret('token'), { source: 'token' });
  t.deepEqual(parseSecret('token,uid=5,gid=6,mode=0400,target=/x'), {
    source: 'token',
    uid: 5,
    gid: 6,
    mode: 0o400,
    target: '/x',
  });
  t.deepEqual(parseSecret('type=env,source=token,target=TOKEN'), { source: 'token', type: 'env', target: 'TOKEN' });
});

for (const [text, message] of [
  ['', /no source found/],
  ['uid=5', /no source found uid=5/],
  ['token,type=file', /type file is invalid/],
  ['token,mode=9', /mode 9 invalid/],
  ['token,uid=-1', /UID -1 invalid/],
  ['token,gid=x', /GID x invalid/],
  ['token,other=1', /option other=1 invalid/],
  ['token,ro', /option ro must be in form option=value/],
  ['token,toString=1', /option toString=1 invalid/],
] as const) {
  test(`refused: --secret '${text}'`, (t) => {
    t.throws(() => parseSecret(text), { instanceOf: CliError, message });
  });
}
