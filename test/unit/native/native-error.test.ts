import test from 'ava';
import { planError } from '../../../src/native/execute.js';
import { isFailure, isNativeError, NativeError, unwrap } from '../../../src/native/native-error.js';

test('a failure becomes an error with the fields of node:fs', (t) => {
  const error = t.throws(() => unwrap({ errno: 1, syscall: 'mount', path: '/srv' }), { instanceOf: NativeError });
  t.like(error, { code: 'EPERM', errno: -1, syscall: 'mount', path: '/srv', name: 'NativeError' });
  t.is(error.message, 'mount "/srv": operation not permitted');
});

test('what is not known of a failure is no field of the error', (t) => {
  t.deepEqual(Object.keys(new NativeError({ errno: 9, syscall: 'close' })).sort(), [
    'code',
    'errno',
    'name',
    'syscall',
  ]);
});

test('more words stand before those of errno', (t) => {
  const error = new NativeError({ errno: 22, syscall: 'fsconfig', path: 'tmpfs', detail: 'Unknown parameter' });
  t.is(error.message, 'fsconfig "tmpfs": Unknown parameter: invalid argument');
});

test('a failed step of a plan tells its index, its call and its object', (t) => {
  const error = planError({ errno: 2, syscall: 'execute', detail: 'openat2 /etc/pass wd', step: 3 });
  t.like(error, { code: 'ENOENT', syscall: 'openat2', path: '/etc/pass wd', step: 3 });
  t.like(planError({ errno: 74, syscall: 'execute', detail: '' }), { code: 'EBADMSG', syscall: 'execute' });
});

test('values are no failures', (t) => {
  for (const value of [undefined, null, 0, '', [], { code: 0 }, Buffer.alloc(1)]) t.false(isFailure(value));
  t.is(unwrap(7), 7);
});

test('an error of another copy of the module is known by its name and code', (t) => {
  const foreign = Object.assign(new Error('x'), { name: 'NativeError', code: 'EBUSY' });
  t.true(isNativeError(foreign, 'EBUSY'));
  t.false(isNativeError(foreign, 'EPERM'));
  t.false(isNativeError(new Error('x')));
});
