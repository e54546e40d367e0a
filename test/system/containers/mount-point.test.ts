/** What is a mount point: also one on the device of its directory. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';

import { isMountPoint, isMountPointAt } from '../../../src/host/mount-point.js';
import { openDirectory } from '../../../src/native/directory-entries.js';
import { requires } from '../../helpers/requires.js';
import { temporaryDirectory } from '../../helpers/temp.js';

test('a mount point is known by its mount, not by its device', (t) => {
  if (!requires(t, 'root')) return;
  const top = temporaryDirectory(t);
  mkdirSync(join(top, 'from/below'), { recursive: true });
  for (const name of ['bound', 'plain']) mkdirSync(join(top, name));
  writeFileSync(join(top, 'file'), '');
  symlinkSync('bound', join(top, 'link'));
  execFileSync('mount', ['--bind', join(top, 'from'), join(top, 'bound')]);
  t.teardown(() => execFileSync('umount', [join(top, 'bound')]));
  t.true(isMountPoint(join(top, 'bound')));
  for (const name of ['bound/below', 'plain', 'file', 'link', 'none', 'none/either']) {
    t.false(isMountPoint(join(top, name)), name);
  }
  using directory = openDirectory(top);
  t.true(isMountPointAt({ directory: directory.fd, name: 'bound' }));
  t.false(isMountPointAt({ directory: directory.fd, name: 'plain' }));
});
