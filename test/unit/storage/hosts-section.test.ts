import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';

import { changeInPlace, updateSection, withLine, withSection } from '../../../src/storage/hosts-section.js';
import { temporaryDirectory } from '../../helpers/temp.js';

const DB = { address: '10.89.0.3', names: ['db', 'data'] };
const WEB = { address: '10.89.0.4', names: ['web'] };
const MARKER = '# containers on the same networks\n';

test('hosts: the part with the others is put in, changed and taken away, and what is in front of it stays', (t) => {
  const own = '127.0.0.1\tlocalhost\n';
  const one = withSection(own, [DB]);
  t.is(one, `${own}${MARKER}10.89.0.3\tdb data\n`);
  const two = withSection(one, [DB, WEB]);
  t.is(two, `${own}${MARKER}10.89.0.3\tdb data\n10.89.0.4\tweb\n`);
  t.is(withSection(two, []), own);
  t.is(withSection('no end', [WEB]), `no end\n${MARKER}10.89.0.4\tweb\n`);
  t.is(withSection(withSection('', [WEB]), [DB]), `${MARKER}10.89.0.3\tdb data\n`);
  t.is(withLine(two, 'x\n'), `${own}x\n${MARKER}10.89.0.3\tdb data\n10.89.0.4\tweb\n`);
  t.is(withLine(own, 'x\n'), `${own}x\n`);
});

test('hosts: the file is changed in its place, whatever bytes the container has put there', (t) => {
  const path = join(temporaryDirectory(t), 'hosts');
  updateSection(path, [DB]);
  t.false(existsSync(path), 'none is made');
  const odd = Buffer.from([0xff, 0x00, 0x0a]);
  writeFileSync(path, odd);
  const { ino } = statSync(path);
  updateSection(path, [DB, WEB]);
  changeInPlace(path, (text) => withLine(text, 'y\n'));
  updateSection(path, []);
  t.deepEqual(readFileSync(path), Buffer.concat([odd, Buffer.from('y\n')]));
  t.is(statSync(path).ino, ino);
});
