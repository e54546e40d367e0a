import { closeSync, constants, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';

import { userInside } from '../../../../src/container/files/user-inside.js';
import { isTspodError } from '../../../../src/errors.js';
import { temporaryDirectory } from '../../../helpers/temp.js';

const O_PATH = 0o10000000;

test('copies: belong to the user by name or number; a number is never a name (CVE-2016-3697)', (t) => {
  const root = temporaryDirectory(t);
  mkdirSync(join(root, 'etc'));
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0::/:\n1001:x:0:0::/:\nalice:x:1000:100::/:\n');
  writeFileSync(join(root, 'etc/group'), 'staff:x:50:\n60:x:0:\n');
  const fd = openSync(root, O_PATH | constants.O_DIRECTORY);
  t.teardown(() => closeSync(fd));
  t.deepEqual(userInside(fd, '1001'), { uid: 1001, gid: 0 });
  t.deepEqual(userInside(fd, 'alice'), { uid: 1000, gid: 100 });
  t.deepEqual(userInside(fd, '1000'), { uid: 1000, gid: 100 });
  t.deepEqual(userInside(fd, 'alice:staff'), { uid: 1000, gid: 50 });
  t.deepEqual(userInside(fd, 'alice:60'), { uid: 1000, gid: 60 });
  t.deepEqual(userInside(fd, ''), { uid: 0, gid: 0 });
  t.deepEqual(userInside(fd, ':staff'), { uid: 0, gid: 50 });
  t.true(
    isTspodError(
      t.throws(() => userInside(fd, 'bob')),
      'NO_SUCH_USER',
    ),
  );
});
