import test from 'ava';

import { spoolDirectory } from '../../../src/host/directories.js';

test('spool directory: TMPDIR, or else what is not in memory', (t) => {
  t.is(spoolDirectory({ TMPDIR: '/some/place', TMP: '/other' }), '/some/place');
  t.is(spoolDirectory({ TMPDIR: '' }), '/var/tmp');
  t.is(spoolDirectory({ TMP: '/other' }), '/var/tmp');
});
