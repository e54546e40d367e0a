/** Control groups of version 1, version 2, and of a machine that has both. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import {
  cgroupProcesses,
  createCgroup,
  readCgroupFile,
  removeCgroup,
  writeCgroupFile,
} from '../../../src/native/index.js';
import { requires, skip } from '../../helpers/requires.js';
import { temporaryDirectory } from '../../helpers/temp.js';
import { staysUntouched } from '../../helpers/untouched.js';

/** Tops of hierarchies, as mounted here; a machine with both versions has version 2 on `unified`, without controllers. */
function topOf(version: 1 | 2): string | undefined {
  if (version === 1) return existsSync('/sys/fs/cgroup/pids/tasks') ? '/sys/fs/cgroup/pids' : undefined;
  return ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'].find((top) => existsSync(`${top}/cgroup.controllers`));
}

/** A cgroup that is not there yet; undefined: skipped. */
function ownPath(t: ExecutionContext, version: 1 | 2): string | undefined {
  if (!requires(t, 'root')) return undefined;
  const top = topOf(version);
  if (top === undefined) return void skip(t, `no cgroups of version ${version}`);
  staysUntouched(t);
  const path = `${top}/tspod-test-native-${process.pid}`;
  t.teardown(() => removeCgroup(path, { kill: true }));
  return path;
}

function sleeper(t: ExecutionContext): number {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  t.teardown(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return child.pid ?? 0;
}

for (const version of [1, 2] as const) {
  test.serial(`version ${version}: removed however deep they are`, async (t) => {
    const path = ownPath(t, version);
    if (path === undefined) return;
    await createCgroup(`${path}${'/x'.repeat(1000)}`);
    await removeCgroup(path, { kill: true });
    t.false(existsSync(path));
  });

  test.serial(`version ${version}: made with those above, joined, listed, removed with those below`, async (t) => {
    const path = ownPath(t, version);
    if (path === undefined) return;
    await createCgroup(`${path}/a b/c=d,e`);
    await createCgroup(`${path}/a b/c=d,e`);
    t.true(existsSync(`${path}/a b/c=d,e/cgroup.procs`));
    t.deepEqual(await cgroupProcesses(path), []);
    const [first, second] = [sleeper(t), sleeper(t)];
    await writeCgroupFile(`${path}/a b`, 'cgroup.procs', first);
    await writeCgroupFile(`${path}/a b`, 'cgroup.procs', BigInt(second));
    t.deepEqual((await cgroupProcesses(`${path}/a b`)).toSorted(), [first, second].toSorted());
    t.deepEqual(await cgroupProcesses(path), []);
    t.regex(readFileSync(`/proc/${first}/cgroup`, 'utf8'), new RegExp(`:/tspod-test-native-${process.pid}/a b$`, 'm'));
    await t.throwsAsync(removeCgroup(path), { code: 'EBUSY', name: 'NativeError' });
    await t.throwsAsync(writeCgroupFile(path, 'cgroup.procs', 0x7ffffffe), { code: 'ESRCH', name: 'NativeError' });
    await t.throwsAsync(writeCgroupFile(path, 'cgroup.procs', 'nobody'), { code: 'EINVAL' });
    await removeCgroup(path, { kill: true });
    t.false(existsSync(path));
    await removeCgroup(path);
    await removeCgroup(path, { kill: true });
    await t.throwsAsync(cgroupProcesses(path), { code: 'ENOENT' });
  });

  test.serial(`version ${version}: many at once, made and removed`, async (t) => {
    const path = ownPath(t, version);
    if (path === undefined) return;
    const all = Array.from({ length: 100 }, (_, index) => `${path}/${index % 10}/${index}`);
    await Promise.all(all.map((each) => createCgroup(each)));
    t.is(readdirSync(`${path}/7`).filter((name) => /^\d+$/.test(name)).length, 10);
    await Promise.all(Array.from({ length: 20 }, () => removeCgroup(path)));
    t.false(existsSync(path));
    await Promise.all(all.map((each) => createCgroup(each)));
    await Promise.all(Array.from({ length: 5 }, () => removeCgroup(path, { kill: true })));
    t.false(existsSync(path));
  });

  test.serial(`version ${version}: the top of a hierarchy is left alone`, async (t) => {
    if (!requires(t, 'root')) return;
    const top = topOf(version);
    if (top === undefined) return skip(t, `no cgroups of version ${version}`);
    staysUntouched(t);
    for (const path of [top, `${top}/`, `${top}/.`]) {
      // Not with `kill`: the test should end this machine's processes least of all when it fails.
      await t.throwsAsync(removeCgroup(path), { code: 'EBUSY', message: /top of a hierarchy/ });
    }
  });
}

test.serial('values are written as they are, and refused by their controller', async (t) => {
  const path = ownPath(t, 1);
  if (path === undefined) return;
  await createCgroup(path);
  t.is(await readCgroupFile(path, 'pids.max'), 'max');
  for (const value of [17, 18n, '19']) {
    await writeCgroupFile(path, 'pids.max', value);
    t.is(await readCgroupFile(path, 'pids.max'), String(value));
  }
  for (const value of ['many', -2, Number.NaN, 1e300]) {
    await t.throwsAsync(writeCgroupFile(path, 'pids.max', value), { code: 'EINVAL' }, String(value));
  }
  await t.throwsAsync(readCgroupFile(path, 'memory.max'), { code: 'ENOENT' });
  await t.throwsAsync(writeCgroupFile(path, 'memory.max', 1), { code: 'ENOENT' });
});

test.serial('limits of version 2 are written where the controllers are there', async (t) => {
  const path = ownPath(t, 2);
  if (path === undefined) return;
  await createCgroup(path);
  t.is(await readCgroupFile(path, 'cgroup.type'), 'domain');
  await writeCgroupFile(path, 'cgroup.max.depth', 1);
  await createCgroup(`${path}/a`);
  await t.throwsAsync(createCgroup(`${path}/a/b`), { code: 'EAGAIN', name: 'NativeError' });
  await t.throwsAsync(createCgroup(`${path}/cgroup.procs`), { code: 'ENOTDIR' });
  await t.throwsAsync(createCgroup(`${path}/cgroup.procs/a`), { code: 'ENOTDIR' });
  const isFrozen = async () => /^frozen 1$/m.test(await readCgroupFile(path, 'cgroup.events'));
  await writeCgroupFile(path, 'cgroup.freeze', 1);
  t.true(await isFrozen());
  if (!existsSync(`${path}/pids.max`)) return;
  await writeCgroupFile(path, 'pids.max', 17);
  t.is(await readCgroupFile(path, 'pids.max'), '17');
});

test.serial('outside a cgroup file system nothing is made or removed', async (t) => {
  staysUntouched(t);
  const directory = temporaryDirectory(t);
  mkdirSync(`${directory}/empty`);
  for (const path of [`${directory}/empty`, `${directory}/a/b/c`]) {
    await t.throwsAsync(createCgroup(path), { code: 'EOPNOTSUPP', name: 'NativeError' });
    t.deepEqual(readdirSync(directory), ['empty']);
  }
  for (const kill of [false, true]) {
    await t.throwsAsync(removeCgroup(`${directory}/empty`, { kill }), { code: 'EOPNOTSUPP' });
    await removeCgroup(`${directory}/none`, { kill });
  }
  rmdirSync(join(directory, 'empty'));
});

test.serial('what is no path and no file of a cgroup is misuse', async (t) => {
  staysUntouched(t);
  for (const path of [
    'relative',
    '',
    '/sys/fs/cgroup/a\0',
    '/sys/fs/cgroup/../../tmp',
    undefined as unknown as string,
  ]) {
    await t.throwsAsync(createCgroup(path), { instanceOf: TypeError });
    await t.throwsAsync(removeCgroup(path), { instanceOf: TypeError });
    await t.throwsAsync(cgroupProcesses(path), { instanceOf: TypeError });
  }
  for (const file of ['../a', 'a/b', '', '.', '..', '.hidden', 'a\0', 'a b', 7 as unknown as string]) {
    await t.throwsAsync(readCgroupFile('/sys/fs/cgroup', file), { instanceOf: TypeError });
    await t.throwsAsync(writeCgroupFile('/sys/fs/cgroup', file, 1), { instanceOf: TypeError });
  }
});
