/** Mounts: made, configured, attached, and where their targets cannot lead. */
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import {
  containedPlan,
  containerDirectory,
  init,
  launchPlan,
  prepare,
  ROOT,
  runContained,
  setting,
  teardown,
} from '../helpers/contained.js';
import type { Contained, Outcome } from '../helpers/contained.js';
import type { Step } from '../../src/plan/ops.js';
import { has, requires } from '../helpers/requires.js';
import { temporaryDirectory } from '../helpers/temp.js';

const ATTRIBUTE = { readonly: 1n, nosuid: 2n, nodev: 4n, noexec: 8n } as const;
const TMPFS = 10;

const tmpfs = (options: readonly string[] = [], attributes = 0n): Step =>
  init({ op: 'mountFs', slot: TMPFS, type: 'tmpfs', options, attributes });
const attach = (target: string, create = 0, slot = TMPFS): Step =>
  init({ op: 'attachInRoot', slot, rootSlot: ROOT, target, create });

/** The line of mountinfo for a mount point, as the container sees it. */
function mountLine(outcome: Outcome, target: string): string {
  return outcome.stdout.split('\n').find((line) => line.split(' ')[4] === target) ?? '';
}

test('mountFs: options and attributes are those of the mount', async (t) => {
  if (!requires(t, 'root')) return;
  const outcome = await runContained(t, {
    proc: true,
    before: [
      tmpfs(
        ['source=shm', 'size=65536k', 'mode=1777', 'nr_inodes=77'],
        ATTRIBUTE.nosuid | ATTRIBUTE.nodev | ATTRIBUTE.noexec,
      ),
      attach('/tmp'),
    ],
    command: ['cat', '/proc/self/mountinfo', '--', 'stat', '/tmp'],
  });
  const line = mountLine(outcome, '/tmp');
  t.regex(line, / rw,nosuid,nodev,noexec,relatime - tmpfs shm rw,/);
  t.regex(line, /size=65536k,nr_inodes=77/);
  t.regex(outcome.value('/tmp') ?? '', /^d 1777 0 0 /);
});

test('mountFs: an error has the words of the file system', async (t) => {
  if (!requires(t, 'root')) return;
  const { end } = await runContained(t, { before: [tmpfs(['size=much']), attach('/tmp')] });
  t.regex(end, /^failed mountFs EINVAL fsconfig size=much: tmpfs: Bad value for 'size'$/);
});

test('mountFs: an unknown file system', async (t) => {
  if (!requires(t, 'root')) return;
  const { end } = await runContained(t, {
    before: [init({ op: 'mountFs', slot: 1, type: 'nofs', options: [], attributes: 0n })],
  });
  t.is(end, 'failed mountFs ENODEV fsopen nofs');
});

test('mountFs: an overlay takes writes, its lower layer none', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const layers = temporaryDirectory(t);
  for (const name of ['lower', 'upper', 'work']) mkdirSync(join(layers, name));
  writeFileSync(join(layers, 'lower/file'), 'lower');
  const options = [`lowerdir=${layers}/lower`, `upperdir=${layers}/upper`, `workdir=${layers}/work`];
  const outcome = await runContained(t, {
    before: [init({ op: 'mountFs', slot: 1, type: 'overlay', options, attributes: 0n }), attach('/tmp', 0, 1)],
    command: ['cat', '/tmp/file', '--', 'create', '/tmp/new'],
  });
  t.is(outcome.stdout, 'lower/tmp/new=ok\n');
  t.deepEqual(readdirSync(join(layers, 'lower')), ['file']);
  t.deepEqual(readdirSync(join(layers, 'upper')), ['new']);
});

for (const append of [1, 0]) {
  const way = append === 1 ? 'one by one' : 'by descriptors, as older kernels take them';
  test(`mountLayers: an overlay of more layers than an option holds, ${way}`, async (t) => {
    if (!requires(t, 'root', 'overlay')) return;
    const layers = temporaryDirectory(t);
    const frame = temporaryDirectory(t);
    const lowerDirs = Array.from({ length: 100 }, (_, i) => join(layers, `lower${i}`));
    for (const [i, path] of lowerDirs.entries()) {
      mkdirSync(path);
      writeFileSync(join(path, `file${i}`), `${i}`);
      writeFileSync(join(path, 'top'), `${i}`);
    }
    for (const name of ['upper, with a comma', 'work']) mkdirSync(join(layers, name));
    const options = ['source=overlay', `upperdir=${layers}/upper, with a comma`, `workdir=${layers}/work`];
    const outcome = await runContained(t, {
      before: [init({ op: 'mountLayers', slot: 1, lowerDirs, options, append, frame }), attach('/tmp', 0, 1)],
      command: ['cat', '/tmp/file99', '--', 'cat', '/tmp/top', '--', 'create', '/tmp/new'],
    });
    t.is(outcome.stdout, '990/tmp/new=ok\n');
    t.deepEqual(readdirSync(join(layers, 'upper, with a comma')), ['new']);
    t.deepEqual(readdirSync(frame), []);
  });
}

test('openTree: a bind mount, read-only with all below it', async (t) => {
  if (!requires(t, 'root')) return;
  const source = temporaryDirectory(t);
  const outcome = await runContained(t, {
    before: [
      init({ op: 'openTree', slot: 1, path: source, recursive: 1 }),
      init({
        op: 'mountAttributes',
        slot: 1,
        set: ATTRIBUTE.readonly | ATTRIBUTE.noexec,
        clear: 0n,
        propagation: 0x4_0000n,
        recursive: 1,
        usernsSlot: -1,
      }),
      attach('/tmp', 0, 1),
    ],
    proc: true,
    command: ['create', '/tmp/x', '--', 'cat', '/proc/self/mountinfo'],
  });
  t.is(outcome.value('/tmp/x'), '!EROFS');
  // What the host's mount forbids besides stays forbidden.
  t.regex(mountLine(outcome, '/tmp'), / ro,(?:nosuid,)?(?:nodev,)?noexec[ ,]/);
});

test('openTree: a bind of one file', async (t) => {
  if (!requires(t, 'root')) return;
  const source = temporaryDirectory(t);
  writeFileSync(join(source, 'file'), 'text');
  const outcome = await runContained(t, {
    before: [
      init({ op: 'openTree', slot: 1, path: join(source, 'file'), recursive: 0 }),
      attach('/etc/made/by/us', 2, 1),
    ],
    command: ['cat', '/etc/made/by/us'],
  });
  t.is(outcome.stdout, 'text');
});

test('openTreeInRoot: a part of the container’s own tree at another place', async (t) => {
  if (!requires(t, 'root')) return;
  const outcome = await runContained(t, {
    arrange: (root) => writeFileSync(join(root, 'etc/file'), 'text'),
    before: [init({ op: 'openTreeInRoot', slot: 1, rootSlot: ROOT, path: '/etc', recursive: 0 }), attach('/tmp', 0, 1)],
    command: ['cat', '/tmp/file'],
  });
  t.is(outcome.stdout, 'text');
});

test('attachInRoot: a missing target is made only where that is asked for', async (t) => {
  if (!requires(t, 'root')) return;
  const missing = await runContained(t, { before: [tmpfs(), attach('/no/such')] });
  t.is(missing.end, 'failed attachInRoot ENOENT openat2 /no/such');
  const made = await runContained(t, {
    before: [tmpfs(), attach('/no/such', 1)],
    command: ['create', '/no/such/file'],
  });
  t.is(made.value('/no/such/file'), 'ok');
});

test('attachInRoot: a file system does not fit on a file', async (t) => {
  if (!requires(t, 'root')) return;
  const { end } = await runContained(t, { before: [tmpfs(), attach('/probe')] });
  t.is(end, 'failed attachInRoot EINVAL move_mount /probe');
});

/** A target that goes through a link: what happens in the root, and that nothing happens beside it. */
async function staysInside(t: ExecutionContext, link: (host: string) => string): Promise<void> {
  if (!requires(t, 'root')) return;
  const directory = containerDirectory(t);
  const host = join(directory, 'host');
  mkdirSync(host);
  const outcome = await runContained(t, {
    directory,
    arrange: (root) => symlinkSync(link(host), join(root, 'link')),
    before: [tmpfs(), attach('/link/deeper/still', 1)],
    command: ['create', '/link/deeper/still/file'],
  });
  t.is(outcome.value('/link/deeper/still/file'), 'ok');
  t.deepEqual(readdirSync(host), []);
  t.deepEqual(readdirSync(directory).sort(), ['host', 'root']);
}
test('attachInRoot: a link to an absolute path of the host ends in the root', staysInside, (host) => host);
test('attachInRoot: a link that climbs out ends in the root', staysInside, () => '../../../../../../host');
test('attachInRoot: a relative link within the root is followed', staysInside, () => 'etc');
test('attachInRoot: an absolute link within the root, as /var/run is, is followed', staysInside, () => '/etc');

test('attachInRoot: a magic link is refused', async (t) => {
  if (!requires(t, 'root')) return;
  const { end } = await runContained(t, { proc: true, before: [tmpfs(), attach('/proc/self/cwd')] });
  t.is(end, 'failed attachInRoot ELOOP openat2 /proc/self/cwd');
});

test('attachInRoot: links that go round are refused', async (t) => {
  if (!requires(t, 'root')) return;
  const { end } = await runContained(t, {
    arrange: (root) => symlinkSync('loop', join(root, 'loop')),
    before: [tmpfs(), attach('/loop/x', 1)],
  });
  t.is(end, 'failed attachInRoot ELOOP openat2 /loop/x');
});

async function refusedInProc(t: ExecutionContext, target: string, arrange?: Contained['arrange']): Promise<void> {
  if (!requires(t, 'root')) return;
  const { end } = await runContained(t, { proc: true, ...(arrange && { arrange }), before: [tmpfs(), attach(target)] });
  t.is(end, `failed attachInRoot EPERM mount inside proc on ${target}`);
}
test('attachInRoot: nothing goes over a file of procfs', refusedInProc, '/proc/sys');
test('attachInRoot: nor over the root of one that is mounted', refusedInProc, '/proc');
test('attachInRoot: nor through a link', refusedInProc, '/etc/link', (root) =>
  symlinkSync('/proc/fs', join(root, 'etc/link')),
);

test('attachInRoot: files that LXCFS stands in for may be covered', async (t) => {
  if (!requires(t, 'root')) return;
  const source = join(temporaryDirectory(t), 'uptime');
  writeFileSync(source, '1.00 1.00\n');
  const { stdout } = await runContained(t, {
    proc: true,
    before: [init({ op: 'openTree', slot: 1, path: source, recursive: 0 }), attach('/proc/uptime', 0, 1)],
    command: ['cat', '/proc/uptime'],
  });
  t.is(stdout, '1.00 1.00\n');
});

test('attachInRoot: a root whose /proc is a link gets no procfs on the host', async (t) => {
  if (!requires(t, 'root')) return;
  const directory = containerDirectory(t);
  const host = join(directory, 'host');
  mkdirSync(host);
  const outcome = await runContained(t, {
    directory,
    proc: true,
    arrange: (root) => {
      rmSync(join(root, 'proc'), { recursive: true });
      mkdirSync(join(root, host), { recursive: true });
      symlinkSync(host, join(root, 'proc'));
    },
    command: ['ls', host],
  });
  t.is(outcome.end, 'exit 0');
  t.true(outcome.values('entry').includes('self'));
  t.deepEqual(readdirSync(host), []);
});

test('copyUp: a tmpfs begins with what the directory held, links, modes and owners too', async (t) => {
  if (!requires(t, 'root')) return;
  const outcome = await runContained(t, {
    arrange: (root) => {
      mkdirSync(join(root, 'etc/sub'), { mode: 0o750 });
      writeFileSync(join(root, 'etc/sub/file'), 'text', { mode: 0o640 });
      symlinkSync('/nowhere', join(root, 'etc/link'));
    },
    before: [tmpfs(), init({ op: 'copyUp', slot: TMPFS, rootSlot: ROOT, path: '/etc' }), attach('/etc')],
    command: [
      'cat',
      '/etc/sub/file',
      '--',
      'stat',
      '/etc/sub',
      '--',
      'stat',
      '/etc/sub/file',
      '--',
      'readlink',
      '/etc/link',
    ],
  });
  t.true(outcome.stdout.startsWith('text'));
  t.regex(outcome.value('text/etc/sub') ?? outcome.value('/etc/sub') ?? '', /^d 0750 0 0 /);
  t.is(outcome.value('/etc/sub/file'), '- 0640 0 0 0:0 4');
  t.is(outcome.value('/etc/link'), '/nowhere');
});

test('copyUp: what is missing is empty, what does not fit is an error', async (t) => {
  if (!requires(t, 'root')) return;
  const copy = (path: string): Step => init({ op: 'copyUp', slot: TMPFS, rootSlot: ROOT, path });
  t.is((await runContained(t, { before: [tmpfs(), copy('/no/such')] })).end, 'exit 0');
  const full = await runContained(t, {
    arrange: (root) => writeFileSync(join(root, 'etc/large'), Buffer.alloc(200_000)),
    before: [tmpfs(['size=64k']), copy('/etc')],
  });
  t.is(full.end, 'failed copyUp ENOSPC sendfile');
});

test('copyUp: links are copied, not followed', async (t) => {
  if (!requires(t, 'root')) return;
  const secret = join(temporaryDirectory(t), 'secret');
  writeFileSync(secret, 'secret');
  const outcome = await runContained(t, {
    arrange: (root) => symlinkSync(secret, join(root, 'etc/secret')),
    before: [tmpfs(), init({ op: 'copyUp', slot: TMPFS, rootSlot: ROOT, path: '/etc' }), attach('/etc')],
    command: ['cat', '/etc/secret'],
  });
  t.is(outcome.value('/etc/secret'), '!ENOENT');
});

test('pivotRoot: of the host nothing is left, neither mounts nor a way back', async (t) => {
  if (!requires(t, 'root')) return;
  const outcome = await runContained(t, {
    proc: true,
    command: ['cat', '/proc/self/mountinfo', '--', 'cwd', '--', 'ls', '/..', '--', 'stat', '/root'],
  });
  const targets = outcome.stdout
    .split('\n')
    .filter((line) => / - /.test(line))
    .map((line) => line.split(' ')[4]);
  t.deepEqual(targets, ['/', '/proc']);
  t.is(outcome.value('cwd'), '/');
  t.deepEqual(outcome.values('entry').sort(), ['dev', 'etc', 'probe', 'proc', 'sys', 'tmp']);
  t.is(outcome.value('/root'), '!ENOENT');
});

test('readonlyRoot: the root takes no writes, other mounts do', async (t) => {
  if (!requires(t, 'root')) return;
  const outcome = await runContained(t, {
    before: [tmpfs(), attach('/tmp')],
    after: [init({ op: 'readonlyRoot' })],
    command: ['create', '/etc/x', '--', 'create', '/tmp/x'],
  });
  t.is(outcome.value('/etc/x'), '!EROFS');
  t.is(outcome.value('/tmp/x'), 'ok');
});

test('setRootPropagation: the container’s root is shared where that is asked for', async (t) => {
  if (!requires(t, 'root')) return;
  const outcome = await runContained(t, {
    proc: true,
    after: [init({ op: 'setRootPropagation', flags: 0x10_0000n })],
    command: ['cat', '/proc/self/mountinfo'],
  });
  t.regex(mountLine(outcome, '/'), / shared:\d+ /);
});

test('rootPropagation: mounts of a container do not come to the host', async (t) => {
  if (!requires(t, 'root')) return;
  const { engine } = launchPlan(
    t,
    containedPlan(t, { before: [tmpfs(['source=of-this-test']), attach('/tmp')], command: ['sleep', '20000'] }),
  );
  const { pid } = await engine.expect('started');
  t.true(readFileSync(`/proc/${pid}/mountinfo`, 'utf8').includes('of-this-test'));
  t.false(readFileSync('/proc/self/mountinfo', 'utf8').includes('of-this-test'));
});

test('attachMount, unmount: a mount of the host, taken away at teardown, also twice', async (t) => {
  if (!requires(t, 'root')) return;
  const target = temporaryDirectory(t);
  const outcome = await runContained(t, {
    outside: [
      prepare({ op: 'mountFs', slot: TMPFS, type: 'tmpfs', options: ['mode=0700'], attributes: 0n }),
      prepare({ op: 'attachMount', slot: TMPFS, path: target }),
      prepare({ op: 'makeFile', rootSlot: TMPFS, path: 'file', mode: 0o600, content: Buffer.from('text') }),
      teardown({ op: 'unmount', path: target }),
      teardown({ op: 'unmount', path: target }),
      teardown({ op: 'removeTree', path: target }),
    ],
    before: [init({ op: 'openTree', slot: 1, path: target, recursive: 0 }), attach('/tmp', 0, 1)],
    command: ['cat', '/tmp/file'],
  });
  t.is(outcome.stdout, 'text');
  t.false(existsSync(target));
  t.false(readFileSync('/proc/self/mountinfo', 'utf8').includes(target));
});

test('teardown: runs as well when a step fails', async (t) => {
  if (!requires(t, 'root')) return;
  const directory = temporaryDirectory(t);
  writeFileSync(join(directory, 'file'), '');
  const { end } = await runContained(t, {
    outside: [teardown({ op: 'removeFile', path: join(directory, 'file') })],
    before: [attach('/tmp')],
  });
  t.is(end, `failed attachInRoot EBADF slot ${TMPFS}`);
  t.false(existsSync(join(directory, 'file')));
});

test('an optional step that fails is passed over', async (t) => {
  if (!requires(t, 'root')) return;
  const { end } = await runContained(t, { before: [{ ...attach('/tmp'), optional: true }] });
  t.is(end, 'exit 0');
});

test('settings: a code that the monitor does not know is refused before anything is done', async (t) => {
  const { end } = await runContained(t, {
    outside: [setting({ op: 'log', driver: 9, path: '/x', maxBytes: 0n, maxFiles: 1, mode: 0 })],
  });
  t.is(end, 'failed log EINVAL log driver 9');
});

test('mountFs: the cgroup hierarchies of version 1 can be mounted', async (t) => {
  if (!requires(t, 'root', 'cgroup1') || !has('cgroup1')) return;
  const outcome = await runContained(t, {
    first: [init({ op: 'unshare', flags: 0x0200_0000 })],
    before: [
      init({ op: 'mountFs', slot: 1, type: 'cgroup', options: ['memory'], attributes: 0n }),
      attach('/sys/memory', 1, 1),
    ],
    command: ['stat', '/sys/memory/tasks'],
  });
  t.regex(outcome.value('/sys/memory/tasks') ?? '', /^- 0644/);
  t.true(lstatSync('/sys/fs/cgroup/memory').isDirectory());
});
