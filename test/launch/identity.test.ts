/** Who the command is: looked up in the container's own files, which may be anything. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { CODES } from '../../src/plan/codes.js';
import type { Step } from '../../src/plan/ops.js';
import { init, ROOT, runContained } from '../helpers/contained.js';
import type { Contained, Outcome } from '../helpers/contained.js';
import { requires } from '../helpers/requires.js';
import { temporaryDirectory } from '../helpers/temp.js';

const lookUp = (user: string, groups: readonly string[] = []): Step =>
  init({ op: 'lookUpUser', rootSlot: ROOT, user, groups });
const SET_IDS = init({ op: 'setIds' });

function writeAccounts(root: string): void {
  writeFileSync(
    join(root, 'etc/passwd'),
    'root:x:0:0:root:/root:/bin/sh\nalice:x:1000:100:Alice:/home/alice:/bin/sh\n1000:x:0:0::/evil:/bin/sh\n',
  );
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\nwheel:x:10:root,alice\nusers:x:100:\naudio:x:29:\n');
}

function runAs(
  t: ExecutionContext,
  user: string,
  options: Contained & { groups?: readonly string[] } = {},
): Promise<Outcome> {
  return runContained(t, {
    arrange: writeAccounts,
    command: ['ids', '--', 'env'],
    exec: { setHome: 1 },
    ...options,
    after: [lookUp(user, options.groups), SET_IDS, ...(options.after ?? [])],
  });
}

async function becomes(
  t: ExecutionContext,
  user: string,
  expected: readonly [uid: number, gid: number, groups: string, home: string],
): Promise<void> {
  if (!requires(t, 'root')) return;
  const [uid, gid, groups, home] = expected;
  const { value, end } = await runAs(t, user);
  t.is(end, 'exit 0');
  t.is(value('uid'), `${uid},${uid},${uid}`);
  t.is(value('gid'), `${gid},${gid},${gid}`);
  t.is(value('groups'), groups);
  t.is(value('env'), `HOME=${home}`);
}
test('lookUpUser: nobody in particular is root', becomes, '', [0, 0, '0,10', '/root']);
test('lookUpUser: a name', becomes, 'alice', [1000, 100, '10,100', '/home/alice']);
test('lookUpUser: a number that a line has', becomes, '1000', [1000, 100, '10,100', '/home/alice']);
test('lookUpUser: a number that no line has', becomes, '4321', [4321, 0, '0', '/']);
test('lookUpUser: a name and a group', becomes, 'alice:audio', [1000, 29, '29', '/home/alice']);
test('lookUpUser: numbers for both', becomes, '7:8', [7, 8, '8', '/']);
test('lookUpUser: a group only', becomes, ':audio', [0, 29, '29', '/root']);

async function refuses(t: ExecutionContext, user: string, expected: string): Promise<void> {
  if (!requires(t, 'root')) return;
  t.is((await runAs(t, user)).end, `failed lookUpUser ${expected}`);
}
test('lookUpUser: an unknown user', refuses, 'bob', 'ENOENT user bob');
test('lookUpUser: an unknown group', refuses, 'alice:staff', 'ENOENT group staff');
for (const user of ['2147483648', '4294967295', '4294967296', '-1', '0x0', '01']) {
  test(`lookUpUser: ${user} is nobody, least of all root`, refuses, user, `EINVAL user ${user}`);
}
test('lookUpUser: a group out of range', refuses, '1:99999999999', 'EINVAL group 99999999999');

test('lookUpUser: more groups, by name and number', async (t) => {
  if (!requires(t, 'root')) return;
  const { value } = await runAs(t, 'alice', { groups: ['audio', '77', 'wheel'] });
  t.is(value('groups'), '10,29,77,100');
});

test('lookUpUser: a container without the files has numbers, but no names', async (t) => {
  if (!requires(t, 'root')) return;
  t.is((await runAs(t, '5:6', { arrange: () => {} })).value('uid'), '5,5,5');
  t.is((await runAs(t, 'root', { arrange: () => {} })).end, 'failed lookUpUser ENOENT user root');
});

test('lookUpUser: a passwd that leads out of the root is one in the root', async (t) => {
  if (!requires(t, 'root')) return;
  const outcome = await runAs(t, 'daemon', {
    arrange: (root) => symlinkSync('../../../../../../../etc/passwd', join(root, 'etc/passwd')),
  });
  t.is(outcome.end, 'failed lookUpUser ELOOP openat2 etc/passwd');
  const absolute = await runAs(t, 'daemon', {
    arrange: (root) => symlinkSync('/usr/lib/passwd', join(root, 'etc/passwd')),
  });
  t.is(absolute.end, 'failed lookUpUser ENOENT user daemon');
});

test('lookUpUser: a passwd that is a pipe holds nobody up', async (t) => {
  if (!requires(t, 'root')) return;
  const { end } = await runAs(t, 'alice', { arrange: (root) => execFileSync('mkfifo', [join(root, 'etc/passwd')]) });
  t.is(end, 'failed lookUpUser EINVAL read /etc/passwd: not a regular file');
});

test('lookUpUser: a line without end is refused', async (t) => {
  if (!requires(t, 'root')) return;
  const { end } = await runAs(t, 'alice', {
    arrange: (root) => writeFileSync(join(root, 'etc/passwd'), 'x'.repeat(1_000_000)),
  });
  t.is(end, 'failed lookUpUser EFBIG read /etc/passwd: line too long');
});

test('useIds: these and no look-up', async (t) => {
  if (!requires(t, 'root')) return;
  const { value } = await runContained(t, {
    after: [init({ op: 'useIds', uid: 12, gid: 34, groups: [34, 56] }), SET_IDS],
    command: ['ids'],
  });
  t.is(value('uid'), '12,12,12');
  t.is(value('gid'), '34,34,34');
  t.is(value('groups'), '34,56');
});

test('setIds: without anybody to become', async (t) => {
  if (!requires(t, 'root')) return;
  t.is((await runContained(t, { after: [SET_IDS] })).end, 'failed setIds EINVAL setresuid no user was looked up');
});

test('setIds: a user may open its own standard streams, as /dev/stdout', async (t) => {
  if (!requires(t, 'root')) return;
  const outcome = await runAs(t, 'alice', {
    proc: true,
    command: ['write', '/proc/self/fd/1', 'text\n', '--', 'stat', '/proc/self/fd/1'],
  });
  t.true(outcome.stdout.startsWith('text\n'));
});

test('setHome: HOME that was given is kept; without setHome there is none', async (t) => {
  if (!requires(t, 'root')) return;
  t.deepEqual((await runAs(t, 'alice', { env: ['HOME=/mine'] })).values('env'), ['HOME=/mine']);
  t.deepEqual((await runAs(t, 'alice', { exec: { setHome: 0 } })).values('env'), []);
});

const workIn = (path: string, create = 0): Step => init({ op: 'workingDirectory', path, create });

test('workingDirectory: there, made, and made for the user', async (t) => {
  if (!requires(t, 'root')) return;
  t.is((await runContained(t, { after: [workIn('/etc')], command: ['cwd'] })).value('cwd'), '/etc');
  t.is((await runContained(t, { after: [workIn('/no/such')] })).end, 'failed workingDirectory ENOENT openat2 /no/such');
  const made = await runContained(t, {
    arrange: writeAccounts,
    after: [lookUp('alice'), workIn('/srv/app', 1), SET_IDS],
    command: ['cwd', '--', 'stat', '/srv/app', '--', 'stat', '/srv'],
  });
  t.is(made.value('cwd'), '/srv/app');
  t.regex(made.value('/srv/app') ?? '', /^d 0755 1000 100 /);
  t.regex(made.value('/srv') ?? '', /^d 0755 0 0 /);
});

test('workingDirectory: a link within the root is followed, one out of it ends in the root', async (t) => {
  if (!requires(t, 'root')) return;
  const host = temporaryDirectory(t);
  const outcome = await runContained(t, {
    arrange: (root) => {
      symlinkSync('/etc', join(root, 'link'));
      symlinkSync(host, join(root, 'out'));
    },
    after: [workIn('/link'), workIn('/out/sub', 1)],
    command: ['cwd'],
  });
  t.is(outcome.value('cwd'), `${host}/sub`);
  t.is(execFileSync('ls', ['-A', host]).toString(), '');
});

test('workingDirectory: no way out through a descriptor of the host', async (t) => {
  if (!requires(t, 'root')) return;
  for (let fd = 3; fd < 24; fd += 1) {
    const { end } = await runContained(t, {
      proc: true,
      arrange: (root) => symlinkSync(`/proc/self/fd/${fd}`, join(root, 'link')),
      after: [
        { ...workIn(`/proc/self/fd/${fd}`), optional: true },
        { ...workIn(`/proc/thread-self/fd/${fd}`), optional: true },
        workIn('/link'),
      ],
    });
    t.regex(end, /^failed workingDirectory (ELOOP|ENOENT) openat2 \/link$/, `descriptor ${fd}`);
  }
});

test('workingDirectory: a file is none', async (t) => {
  if (!requires(t, 'root')) return;
  t.is((await runContained(t, { after: [workIn('/probe')] })).end, 'failed workingDirectory ENOTDIR openat2 /probe');
});

test('workingDirectory: after setIds, the user’s own rights decide', async (t) => {
  if (!requires(t, 'root')) return;
  const { end } = await runContained(t, {
    arrange: (root) => {
      writeAccounts(root);
      mkdirSync(join(root, 'secret'));
      chmodSync(join(root, 'secret'), 0o700);
    },
    after: [
      lookUp('alice'),
      SET_IDS,
      init({
        op: 'capabilities',
        applies: CODES.applies.always,
        effective: 0n,
        permitted: 0n,
        inheritable: 0n,
        ambient: 0n,
      }),
      workIn('/secret'),
    ],
  });
  t.is(end, 'failed workingDirectory EACCES chdir /secret');
});
