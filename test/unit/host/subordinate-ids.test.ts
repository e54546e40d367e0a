import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';

import { idsIn, idsOfAccounts } from '../../../src/host/account-files.js';
import { parseIdMapLines, parseSubordinateIds } from '../../../src/host/subordinate-ids.js';
import { temporaryDirectory } from '../../helpers/temp.js';

test('subuid: the lines of a name, and nothing that is no line', (t) => {
  const text = 'me:100000:65536\n# me:1:1\nyou:5:5\nme:300000:10\nme:x:1\nme:1\nme:5:0\nme:4294967290:100\nme2:1:1\n';
  t.deepEqual(parseSubordinateIds(text, 'me'), [
    { first: 100000, size: 65536 },
    { first: 300000, size: 10 },
    { first: 4294967290, size: 5 },
  ]);
  t.deepEqual(parseSubordinateIds(text, 'nobody'), []);
});

test('uid_map: as the kernel prints it', (t) => {
  t.deepEqual(parseIdMapLines('         0     100000      65536\n     70000          5          1\n'), [
    { inside: 0, outside: 100000, size: 65536 },
    { inside: 70000, outside: 5, size: 1 },
  ]);
});

test('accounts: the highest id counts, but for nobody', (t) => {
  const passwd =
    'root:x:0:0::/:\nalice:x:1000:2000::/:\nnobody:x:65534:65534::/:\nodd:x:65534:1::/:\nbroken\nx:y:z:u\n';
  t.is(idsIn(passwd, [2, 3]), 2001);
  t.is(idsIn('root:x:0:\nstaff:x:3000:\nnogroup:x:99999:\n', [2]), 3001);
  t.is(idsIn('', [2]), 0);
});

test('accounts: of a root, without following links out of it', (t) => {
  const root = temporaryDirectory(t);
  t.is(idsOfAccounts(root), 0);
  mkdirSync(join(root, 'etc'));
  writeFileSync(join(root, 'etc/group'), 'a:x:4000:\n');
  symlinkSync('/etc/passwd', join(root, 'etc/passwd'));
  t.is(idsOfAccounts(root), 4001);
  const other = temporaryDirectory(t);
  symlinkSync('/etc', join(other, 'etc'));
  t.is(idsOfAccounts(other), 0);
});
