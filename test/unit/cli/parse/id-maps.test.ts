import test from 'ava';

import { parseIdMaps, parseUserns } from '../../../../src/cli/parse/id-maps.js';
import type { IdMap } from '../../../../src/index.js';

const map = (containerId: number, hostId: number, size: number): IdMap => ({ containerId, hostId, size });

/** A user namespace that has ids 0 to 999 as 5000 and up outside, and 2000 to 2009 as 7000. */
const nested = () => [
  { inside: 0, outside: 5000, size: 1000 },
  { inside: 2000, outside: 7000, size: 10 },
];

const reads = test.macro<['uid' | 'gid', readonly string[], readonly IdMap[]]>({
  exec: (t, kind, items, expected) => {
    t.deepEqual(parseIdMaps(kind, items, nested), expected);
  },
  title: (_, kind, items) => `${kind} map ${items.join(' ')}`,
});
test(reads, 'uid', ['0:100000:65536'], [map(0, 100000, 65536)]);
test(reads, 'uid', ['7:8'], [map(7, 8, 1)]);
test(reads, 'uid', ['10:110:5', '0:100:10'], [map(0, 100, 15)]);
test(reads, 'uid', ['0:1:0', '', '1:5:1'], [map(1, 5, 1)]);
test(reads, 'uid', ['u0:1:5', 'g0:9:5'], [map(0, 1, 5)]);
test(reads, 'gid', ['u0:1:5', 'g0:9:5'], [map(0, 9, 5)]);
test(reads, 'gid', ['ug0:1:5'], [map(0, 1, 5)]);
test(reads, 'uid', ['0:100000:10', '+5:0:1'], [map(0, 100000, 5), map(5, 0, 1), map(6, 100006, 4)]);
test(reads, 'uid', ['0:100:10', '+50:105:1'], [map(0, 100, 5), map(6, 106, 4), map(50, 105, 1)]);
test(reads, 'uid', ['0:100:10', '+2:107:1'], [map(0, 100, 2), map(2, 107, 1), map(3, 103, 4), map(8, 108, 2)]);
test(reads, 'uid', ['0:@5000:2'], [map(0, 0, 2)]);
test(reads, 'uid', ['9:@7003'], [map(9, 2003, 1)]);

for (const text of ['foo', '0', '0:1:2:3', '-1:0:1', '0:0:4294967296', 'x0:1:2', '0:@:1', '0x1:0:1', '0:1:']) {
  test(`uid map ${text} is refused`, (t) => {
    t.throws(() => parseIdMaps('uid', [text], nested), {
      message: `initializing ID mappings: UID setting is malformed expected ["[+ug]uint32:[@]uint32[:uint32]"] : ["${text}"]`,
    });
  });
}
test('an id that the parent namespace has not is refused', (t) => {
  t.throws(() => parseIdMaps('gid', ['0:@4999:2'], nested), { message: 'parent ID GID 4999 is not mapped/delegated' });
  t.throws(() => parseIdMaps('uid', ['0:@0:4294967295'], nested), { message: /parent ID UID 0 is not/ });
});

const means = test.macro<[string, ReturnType<typeof parseUserns>]>({
  exec: (t, text, expected) => {
    t.deepEqual(parseUserns(text, nested), expected);
  },
  title: (_, text) => `--userns ${text}`,
});
test(means, '', undefined);
test(means, 'host', { mode: 'host' });
test(means, 'private', { mode: 'private' });
test(means, 'container:a', { mode: 'container:a' });
test(means, 'ns:/p', { mode: 'path:/p' });
test(means, 'auto', { mode: 'auto' });
test(means, 'auto:size=0', { mode: 'auto' });
test(means, 'auto:size=8192', { mode: 'auto', options: { size: 8192 } });
test(means, 'auto:uidmapping=1:@5001:1,gidmapping=2:3,size=9', {
  mode: 'auto',
  options: { size: 9 },
  uidMaps: [map(1, 1, 1)],
  gidMaps: [map(2, 3, 1)],
});
test(means, 'keep-id', { mode: 'keep-id' });
test(means, 'keep-id:uid=5,gid=0', { mode: 'keep-id', options: { uid: 5, gid: 0 } });

const refuses = test.macro<[string, string | RegExp]>({
  exec: (t, text, message) => {
    t.throws(() => parseUserns(text, nested), { message });
  },
  title: (_, text) => `--userns ${text} is refused`,
});
test(refuses, 'foo', 'unrecognized namespace mode foo passed');
test(refuses, 'nomap', 'nomap is only supported in rootless mode');
test(refuses, 'auto:size', 'invalid option specified: "size"');
test(refuses, 'auto:foo=1', 'unknown option specified: "foo"');
test(refuses, 'auto:size=x', /invalid number "x"/);
test(refuses, 'auto:size=-1', /invalid number "-1"/);
test(refuses, 'auto:uidmapping=+1:2:3', /UID setting is malformed/);
test(refuses, 'keep-id:foo=1', 'unknown option specified: "foo"');
test(refuses, 'keep-id:uid=99999999999', /invalid number/);
