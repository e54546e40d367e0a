import { getSystemErrorMap } from 'node:util';
import test from 'ava';
import { errnoName, errnoNumber, errnoText } from '../../../src/util/errno.js';

test('names agree with those that Node knows', (t) => {
  for (const [number, [name]] of getSystemErrorMap()) {
    if (number > -1000 && number < 0 && errnoNumber(name) !== undefined) t.is(errnoName(number), nodeName(name));
  }
});

/** Linux has two names for one number; ours is the one that strace prints. */
function nodeName(name: string): string {
  return name === 'ENOTSUP' ? 'EOPNOTSUPP' : name;
}

test('a number has a name and a text, with either sign', (t) => {
  t.is(errnoName(1), 'EPERM');
  t.is(errnoName(-1), 'EPERM');
  t.is(errnoText(2), 'no such file or directory');
  t.is(errnoText(-87), 'too many users');
});

test('a number without a name is still readable', (t) => {
  t.is(errnoName(4000), 'E4000');
  t.is(errnoText(4000), 'error 4000');
});

test('a name has a number', (t) => {
  t.is(errnoNumber('ENODATA'), 61);
  t.is(errnoNumber('ENOSUCH'), undefined);
});
