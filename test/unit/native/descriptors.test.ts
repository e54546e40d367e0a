import test from 'ava';

import { closeFd, pipe } from '../../../src/native/descriptors.js';

test('a descriptor is closed once', (t) => {
  const { read, write } = pipe();
  closeFd(read);
  t.throws(() => closeFd(read), { name: 'NativeError', code: 'EBADF' });
  closeFd(write);
});
