/** Plans that launch nothing, run by the addon. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { execute } from '../../../src/native/execute.js';
import { isNativeError } from '../../../src/native/native-error.js';
import { encodePlan } from '../../../src/plan/encode.js';
import type { Step } from '../../../src/plan/ops.js';
import { added, mountPoints, openDescriptors, threadCount } from '../../helpers/native.js';
import { requires } from '../../helpers/requires.js';
import { temporaryDirectory } from '../../helpers/temp.js';
import { until } from '../../helpers/until.js';

const NEWUTS = 0x04000000;
const NEWNS = 0x00020000;
const O_PATH = 0o10000000;

function run(...steps: readonly Step[]): Promise<void> {
  return execute(encodePlan({ steps }));
}

/** A step that makes a file in a directory that slot 0 holds. */
function makeFile(path: string, content: string, stage: Step['stage'] = 'prepare'): Step {
  return { op: 'makeFile', stage, rootSlot: 0, path, mode: 0o644, content: Buffer.from(content) };
}

test('steps are carried out in their order', async (t) => {
  const directory = temporaryDirectory(t);
  await run(
    { op: 'openPath', stage: 'prepare', slot: 0, path: directory, flags: O_PATH },
    { op: 'makeDirectory', stage: 'prepare', rootSlot: 0, path: '/a', mode: 0o750, uid: 0, gid: 0 },
    makeFile('/a/file', 'one'),
    makeFile('/a/file', 'two'),
  );
  t.is(readFileSync(join(directory, 'a', 'file'), 'utf8'), 'two');
  t.is(statSync(join(directory, 'a')).mode & 0o777, 0o750);
});

test.serial(
  'what a plan makes without a mode of its own is for others to read, whatever umask the caller has',
  async (t) => {
    const group = join(temporaryDirectory(t), 'group');
    const before = process.umask(0o077);
    try {
      await run({ op: 'cgroupCreate', stage: 'prepare', slot: 0, path: group });
      t.is(process.umask(), 0o077);
    } finally {
      process.umask(before);
    }
    t.is(statSync(group).mode & 0o777, 0o755);
  },
);

test('the first step that fails is told; those after it are left out, teardown is not', async (t) => {
  const directory = temporaryDirectory(t);
  writeFileSync(join(directory, 'doomed'), '');
  const error = await t.throwsAsync(
    run(
      { op: 'openPath', stage: 'prepare', slot: 0, path: directory, flags: O_PATH },
      { op: 'openPath', stage: 'prepare', slot: 1, path: join(directory, 'none'), flags: O_PATH },
      makeFile('/never', ''),
      { op: 'removeFile', stage: 'teardown', path: join(directory, 'doomed') },
    ),
  );
  t.like(error, { name: 'NativeError', code: 'ENOENT', step: 1, path: join(directory, 'none') });
  t.false(existsSync(join(directory, 'never')));
  t.false(existsSync(join(directory, 'doomed')));
});

test('an optional step may fail', async (t) => {
  await run({ op: 'openPath', stage: 'prepare', slot: 0, path: '/none', flags: 0, optional: true });
  t.pass();
});

test('all teardown steps run, and the first failure among them is told', async (t) => {
  const directory = temporaryDirectory(t);
  mkdirSync(join(directory, 'full', 'x'), { recursive: true });
  const error = await t.throwsAsync(
    run(
      { op: 'removeFile', stage: 'teardown', path: join(directory, 'full') },
      { op: 'removeTree', stage: 'teardown', path: join(directory, 'full') },
      { op: 'removeTree', stage: 'teardown', path: join(directory, 'full') },
    ),
  );
  t.like(error, { step: 0, code: 'EISDIR' });
  t.false(existsSync(join(directory, 'full')));
});

test('bytes that are no plan, plans of another version and steps of a launch are refused', async (t) => {
  const good = Buffer.from(encodePlan({ steps: [] }));
  const version = Buffer.from(good);
  version.writeUInt32LE(9999, 4);
  await execute(good);
  t.true(isNativeError(await t.throwsAsync(execute(Buffer.from('no plan'))), 'EBADMSG'));
  t.true(isNativeError(await t.throwsAsync(execute(new Uint8Array())), 'EBADMSG'));
  t.true(isNativeError(await t.throwsAsync(execute(version)), 'EPROTONOSUPPORT'));
  const clone = run({ op: 'clone', stage: 'prepare', flags: 0n, cgroupSlot: -1 });
  t.like(await t.throwsAsync(clone), { code: 'EOPNOTSUPP', step: 0 });
});

test.serial("namespaces that a plan joins are its thread's alone", async (t) => {
  if (!requires(t, 'root')) return;
  const directory = temporaryDirectory(t);
  // Where the host's mounts are shared, as systemd has them, one in another namespace would be the host's as well.
  execFileSync('mount', ['--bind', directory, directory]);
  t.teardown(() => execFileSync('umount', [directory]));
  execFileSync('mount', ['--make-private', directory]);
  const before = {
    name: hostname(),
    uts: readlinkSync('/proc/self/ns/uts'),
    mounts: mountPoints(),
    cwd: process.cwd(),
  };
  await run(
    { op: 'unshare', stage: 'prepare', flags: NEWUTS },
    { op: 'hostname', stage: 'prepare', name: 'elsewhere' },
    { op: 'unshare', stage: 'prepare', flags: NEWNS },
    { op: 'mountFs', stage: 'prepare', slot: 0, type: 'tmpfs', options: [], attributes: 0n },
    { op: 'attachMount', stage: 'prepare', slot: 0, path: directory },
  );
  t.is(hostname(), before.name);
  t.is(readlinkSync('/proc/self/ns/uts'), before.uts);
  t.is(process.cwd(), before.cwd);
  t.deepEqual(
    mountPoints().filter((point) => point.startsWith(directory)),
    before.mounts.filter((point) => point.startsWith(directory)),
  );
});

test.serial('a thousand plans leave no descriptor and no thread', async (t) => {
  const directory = temporaryDirectory(t);
  const plans = Array.from({ length: 10 }, (_, i) =>
    encodePlan({
      steps: [
        { op: 'openPath', stage: 'prepare', slot: 0, path: directory, flags: O_PATH },
        makeFile(`/file-${i}`, 'x'),
        { op: 'removeFile', stage: 'teardown', path: join(directory, `file-${i}`) },
      ],
    }),
  );
  const executeAll = (): Promise<unknown> => Promise.all(plans.map(execute));
  await executeAll();
  const before = { descriptors: [...openDescriptors().keys()], threads: threadCount() };
  for (let round = 0; round < 100; round += 1) await executeAll();
  t.deepEqual(added(openDescriptors().keys(), before.descriptors), []);
  // One that has been joined is listed for a moment.
  await until('the threads are gone', () => threadCount() <= before.threads + 1);
});

test('the bytes are copied: the caller may go on with its buffer', async (t) => {
  const directory = temporaryDirectory(t);
  const plan = encodePlan({
    steps: [{ op: 'openPath', stage: 'prepare', slot: 0, path: directory, flags: O_PATH }, makeFile('/file', 'x')],
  });
  const running = execute(plan);
  plan.fill(0xff);
  await running;
  t.is(readFileSync(join(directory, 'file'), 'utf8'), 'x');
});
