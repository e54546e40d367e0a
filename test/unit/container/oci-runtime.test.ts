import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';

import { bundleText } from '../../../src/container/oci-runtime/bundle.js';
import { withRuntimeWords } from '../../../src/container/oci-runtime/errors.js';
import { bundleSeccomp } from '../../../src/container/oci-runtime/seccomp.js';
import { lookUpUser } from '../../../src/container/oci-runtime/users.js';
import { isTspodError, TspodError, type ErrorCode } from '../../../src/errors.js';
import { specOf } from '../../helpers/plans.js';
import { temporaryDirectory } from '../../helpers/temp.js';

function layer(t: ExecutionContext, files: Readonly<Record<string, string>>): string {
  const directory = temporaryDirectory(t);
  mkdirSync(join(directory, 'etc'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, 'etc', name), text);
  return directory;
}

const PASSWD = 'root:x:0:0::/root:/bin/sh\nalice:x:1000:100::/home/alice:\n1001:x:0:0::/:\nbad:x:zero:0::/:\n';
const GROUP = 'root:x:0:\nusers:x:100:\nstaff:x:50:alice,bob\n';

test('users: names and numbers, with groups and home', (t) => {
  const layers = [layer(t, { passwd: PASSWD, group: GROUP })];
  const cases: readonly (readonly [string, readonly string[], object])[] = [
    ['', [], { uid: 0, gid: 0, groups: [0], home: '/root' }],
    ['alice', [], { uid: 1000, gid: 100, groups: [100, 50], home: '/home/alice' }],
    ['1000', [], { uid: 1000, gid: 100, groups: [100, 50], home: '/home/alice' }],
    ['alice:staff', [], { uid: 1000, gid: 50, groups: [50], home: '/home/alice' }],
    ['7:8', ['staff', '9'], { uid: 7, gid: 8, groups: [8, 50, 9], home: '/' }],
    ['7', [], { uid: 7, gid: 0, groups: [0], home: '/' }],
    // A number is never looked up as a name (CVE-2016-3697).
    ['1001', [], { uid: 1001, gid: 0, groups: [0], home: '/' }],
  ];
  for (const [user, groups, expected] of cases) t.deepEqual(lookUpUser(layers, user, groups), expected, user);
});

test('users: one that is not there, or has no number, is an error', (t) => {
  const layers = [layer(t, { passwd: PASSWD, group: GROUP })];
  for (const user of ['bob', 'bad', 'alice:nobody']) {
    const error = t.throws(() => lookUpUser(layers, user, []), { instanceOf: TspodError });
    t.true(isTspodError(error, 'NO_SUCH_USER'), user);
  }
});

test('users: the upper layer counts, and a link leads nowhere', (t) => {
  const upper = layer(t, { passwd: 'alice:x:5:5::/up:\n' });
  const lower = layer(t, { passwd: PASSWD, group: GROUP });
  t.is(lookUpUser([upper, lower], 'alice', []).uid, 5);
  const linked = temporaryDirectory(t);
  symlinkSync(join(lower, 'etc'), join(linked, 'etc'));
  t.throws(() => lookUpUser([linked], 'alice', []));
});

test('bundle: unlimited resource limits are the highest number of 64 bits', (t) => {
  const spec = specOf({ ulimits: [{ name: 'core', soft: -1, hard: -1 }] });
  t.true(bundleText(spec).includes('"hard":18446744073709551615'));
  t.false(bundleText(spec).includes('unlimited'));
});

test('bundle: seccomp rules hold for all architectures, and a denial with a condition is left to the default', (t) => {
  const profile = specOf({}).linux?.seccomp;
  if (profile === undefined) return t.fail('no profile');
  const rules = bundleSeccomp(profile).syscalls ?? [];
  t.true(rules.length > 0 && rules.length < (profile.syscalls ?? []).length);
  t.deepEqual(
    rules.filter((rule) => 'architectures' in rule),
    [],
  );
  t.deepEqual(
    rules.filter(({ action, args = [] }) => action === 'SCMP_ACT_ERRNO' && args.length > 0),
    [],
  );
  // A profile of the user's is handed on as it is.
  const own = { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['chmod'], action: 'SCMP_ACT_ERRNO' }] } as const;
  t.is(bundleSeccomp(own), own);
});

const WORDS: readonly (readonly [string, ErrorCode, string])[] = [
  [
    '{"level":"error","msg":"exec: \\"x\\": executable file not found in $PATH"}',
    'COMMAND_NOT_FOUND',
    'executable file',
  ],
  ['{"msg":"exec /etc: permission denied"}', 'COMMAND_NOT_EXECUTABLE', 'permission denied'],
  ['plain words', 'LAUNCH_FAILED', 'plain words'],
];

for (const [line, code, words] of WORDS) {
  test(`errors: the runtime's last words are the error's: ${words}`, (t) => {
    const run = temporaryDirectory(t);
    writeFileSync(join(run, 'runtime.log'), `{"msg":"earlier"}\n${line}\n`);
    const failed = new TspodError('LAUNCH_FAILED', 'create', { details: { op: 'adopt' } });
    const error = withRuntimeWords(failed, { config: { runtime: { name: 'runc', flags: [] } }, paths: { run } });
    t.is(error.code, code);
    t.regex(error.message, new RegExp(`^runc: .*${words}`));
    t.is(withRuntimeWords(failed, { config: {}, paths: { run } }), failed);
  });
}
