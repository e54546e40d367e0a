/** Programs in new namespaces, in those that are there, and in both. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { binding } from '../../../src/native/binding.js';
import { createNamespace, NAMESPACE_KINDS, openNamespace, runInNamespaces } from '../../../src/native/index.js';
import type { NamespaceHandle, NamespaceKind, RunInNamespacesOptions } from '../../../src/native/index.js';
import { held, statusField } from '../../helpers/native.js';
import { requires } from '../../helpers/requires.js';
import { temporaryDirectory } from '../../helpers/temp.js';
import { until } from '../../helpers/until.js';
import { namespaceOf, staysUntouched } from '../../helpers/untouched.js';

type Options = Omit<RunInNamespacesOptions, 'command'>;

/** What a shell writes; its errors as well. */
async function shell(script: string, options: Options = {}): Promise<string> {
  const { stdout } = await runInNamespaces({ command: ['sh', '-c', `exec 2>&1; ${script}`], ...options });
  return stdout.toString().trim().replaceAll(/ +/g, ' ');
}

const SHOW_ALL = `for kind in ${NAMESPACE_KINDS.join(' ')}; do readlink /proc/self/ns/$kind; done`;

/** Kinds whose namespace is not this process's. */
async function changedBy(namespaces: Options['namespaces']): Promise<string[]> {
  const seen = (await shell(SHOW_ALL, { namespaces: namespaces ?? {} })).split('\n');
  return seen.map((link) => link.split(':')[0] ?? '').filter((kind) => !seen.includes(namespaceOf('self', kind)));
}

const all = (what: 'new' | { readonly pid: number }) =>
  Object.fromEntries(NAMESPACE_KINDS.map((kind) => [kind, what])) as NonNullable<Options['namespaces']>;

test.serial('each kind can be new alone, and all together', async (t) => {
  if (!requires(t, 'root', 'userns', 'timens')) return;
  staysUntouched(t);
  t.deepEqual(await changedBy({}), []);
  t.deepEqual(await changedBy({ net: undefined } as object), []);
  for (const kind of NAMESPACE_KINDS) t.deepEqual(await changedBy({ [kind]: 'new' }), [kind]);
  t.deepEqual((await changedBy(all('new'))).toSorted(), [...NAMESPACE_KINDS].toSorted());
});

test.serial('with new processes and mounts comes a /proc of its own, with one of them alone it does not', async (t) => {
  if (!requires(t, 'root')) return;
  staysUntouched(t);
  t.is(
    await shell('echo $$; cat /proc/1/comm; ls -d /proc/[0-9]*', { namespaces: { pid: 'new', mnt: 'new' } }),
    '1\nsh\n/proc/1',
  );
  t.is(
    await shell('echo $$; cat /proc/1/comm', { namespaces: { pid: 'new' } }),
    `1\n${readFileSync('/proc/1/comm', 'utf8').trim()}`,
  );
  const mounts = await shell('mount -t tmpfs none /mnt && cat /proc/self/mountinfo', { namespaces: { mnt: 'new' } });
  t.regex(mounts, / \/mnt rw,/);
  t.notRegex(mounts, /shared:|master:/);
});

test.serial('a program joins the namespaces of a process, a path and a handle', async (t) => {
  if (!requires(t, 'root', 'userns', 'timens')) return;
  staysUntouched(t);
  const other = spawn('unshare', [
    '-C',
    '-i',
    '-m',
    '-n',
    '-u',
    '-T',
    '-U',
    '-r',
    '-p',
    '-f',
    'sh',
    '-c',
    'echo; exec sleep 60',
  ]);
  const ended = once(other, 'exit');
  t.teardown(async () => {
    process.kill(inner, 'SIGKILL');
    await ended;
  });
  await once(other.stdout, 'data');
  const inner = Number(readFileSync(`/proc/${other.pid}/task/${other.pid}/children`, 'utf8'));
  const theirs = NAMESPACE_KINDS.map((kind) => namespaceOf(inner, kind));
  const from: Record<string, (kind: NamespaceKind) => NamespaceHandle | string | { pid: number }> = {
    process: () => ({ pid: inner }),
    path: (kind) => `/proc/${inner}/ns/${kind}`,
    handle: (kind) => held(t, openNamespace(kind, { pid: inner })),
  };
  for (const source of Object.values(from)) {
    const namespaces = Object.fromEntries(NAMESPACE_KINDS.map((kind) => [kind, source(kind)]));
    // With those two /proc/self would not be the host's.
    const links = await shell(SHOW_ALL, { namespaces: { ...namespaces, mnt: undefined, pid: undefined } as object });
    t.deepEqual(
      links.split('\n').filter((link) => !/mnt|pid/.test(link)),
      theirs.filter((link) => !/mnt|pid/.test(link)),
    );
    t.is(
      await shell('readlink /proc/self/ns/mnt', { namespaces: { mnt: source('mnt'), user: source('user') } }),
      namespaceOf(inner, 'mnt'),
    );
    t.not(await shell('echo $$', { namespaces: { pid: source('pid') } }), '1');
  }
});

test.serial('a new user namespace has the ids of its maps', async (t) => {
  if (!requires(t, 'root', 'userns')) return;
  staysUntouched(t);
  const map = [{ inside: 0, outside: 100_000, size: 65_536 }];
  const namespaces = { user: 'new' } as const;
  const ids = 'cat /proc/self/uid_map /proc/self/gid_map; id -u; id -g';
  t.is(await shell(ids, { namespaces }), '0 0 1\n 0 0 1\n0\n0');
  t.is(await shell(ids, { namespaces, uidMap: map, gidMap: map }), '0 100000 65536\n 0 100000 65536\n0\n0');
  t.is(await shell('id -u; id -g; id -G', { namespaces, uidMap: map, gidMap: map, uid: 5, gid: 6 }), '5\n6\n6');
  // Ids that no container of another test has.
  const own = [{ inside: 0, outside: 765_432, size: 100 }];
  const seen = new AbortController();
  const { signal } = seen;
  const running = runInNamespaces({ command: ['sleep', '600'], namespaces, uidMap: own, gidMap: own, signal });
  const mine = await waitForProcessOf('765432');
  t.is(statusField(mine, 'Gid').split('\t')[0], '765432');
  seen.abort();
  await t.throwsAsync(running, { code: 'ABORTED' });
  await t.throwsAsync(shell('id', { namespaces, uidMap: [...map, ...map] }), { code: 'EINVAL', name: 'NativeError' });
  await t.throwsAsync(shell('id', { namespaces, uid: 1 }), { code: 'EINVAL', name: 'NativeError' });
});

/** A process whose real user is this one, on the host. */
async function waitForProcessOf(uid: string): Promise<number> {
  for (let look = 0; look < 2000; look += 1) {
    const found = readdirSync('/proc').find(
      (name) => /^\d+$/.test(name) && statusField(Number(name), 'Uid').split('\t')[0] === uid,
    );
    if (found !== undefined) return Number(found);
    await new Promise((next) => setTimeout(next, 5));
  }
  throw new Error(`no process of ${uid}`);
}

test.serial('what is new belongs to the user namespace that is joined', async (t) => {
  if (!requires(t, 'root', 'userns')) return;
  staysUntouched(t);
  const map = [{ inside: 0, outside: 100_000, size: 65_536 }];
  const user = held(t, await createNamespace('user', { uidMap: map, gidMap: map }));
  const link = `user:[${user.inode}]`;
  t.is(
    await shell('readlink /proc/self/ns/user; cat /proc/self/uid_map; id -u', { namespaces: { user } }),
    `${link}\n 0 100000 65536\n0`,
  );
  const setUp = 'cat /proc/sys/net/ipv4/ip_default_ttl > /dev/null; ip link set lo up && ip -br link show lo';
  t.regex(await shell(setUp, { namespaces: { user, net: 'new' } }), /^lo UNKNOWN/);
  t.is(
    await shell('mount -t tmpfs none /mnt && echo $$ mounted', { namespaces: { user, mnt: 'new', pid: 'new' } }),
    '1 mounted',
  );
  t.is(await shell('hostname box && hostname', { namespaces: { user, uts: 'new' } }), 'box');
});

test.serial('what belongs to the host is joined beside a user namespace, without rights over it', async (t) => {
  if (!requires(t, 'root', 'userns')) return;
  staysUntouched(t);
  const joined = {
    net: held(t, await createNamespace('net')),
    uts: held(t, await createNamespace('uts')),
    mnt: held(t, await createNamespace('mnt')),
  };
  const links = Object.entries(joined).map(([kind, { inode }]) => `${kind}:[${inode}]`);
  const show = 'for kind in net uts mnt; do readlink /proc/self/ns/$kind; done; hostname box';
  for (const user of ['new', held(t, await createNamespace('user'))] as const) {
    const seen = (await shell(show, { namespaces: { user, ...joined } })).split('\n');
    t.deepEqual(seen.slice(0, 3), links);
    t.regex(seen[3] ?? '', /must be root|not permitted/i);
  }
});

/** The addon's function fails the next time, as it does of itself. */
function failOnce(t: ExecutionContext, name: 'openPidfd' | 'sendSignal', errno: number): void {
  const real = { ...binding() };
  const restore = () => Object.assign(binding(), real);
  t.teardown(restore);
  Object.assign(binding(), {
    [name]: () => {
      restore();
      return { errno, syscall: name };
    },
  });
}

/** Aborts a program that runs, and would until the file is gone that says so. */
async function abortRunning(t: ExecutionContext): Promise<void> {
  const controller = new AbortController();
  const ready = join(temporaryDirectory(t), 'ready');
  // It gets its input when it is known to have started.
  const script = 'read line; : > "$0"; while test -e "$0"; do sleep 0.01; done';
  const running = runInNamespaces({ command: ['sh', '-c', script, ready], input: '\n', signal: controller.signal });
  await until('it runs', () => existsSync(ready));
  controller.abort();
  rmSync(ready);
  await running;
}

test.serial('a program that ends in the moment of an abort is an abort', async (t) => {
  if (!requires(t, 'root')) return;
  failOnce(t, 'sendSignal', 3);
  await t.throwsAsync(abortRunning(t), { code: 'ABORTED' });
});

test.serial('a program that cannot be killed is an error of the call, which waits for it no more', async (t) => {
  if (!requires(t, 'root')) return;
  failOnce(t, 'sendSignal', 1);
  await t.throwsAsync(abortRunning(t), { name: 'NativeError', code: 'EPERM' });
  failOnce(t, 'openPidfd', 24);
  await t.throwsAsync(abortRunning(t), { name: 'NativeError', code: 'EMFILE' });
  failOnce(t, 'sendSignal', 1);
  const tooMuch = runInNamespaces({ command: ['sh', '-c', 'echo much; sleep 10'], maxOutputBytes: 1 });
  await t.throwsAsync(tooMuch, { name: 'NativeError', code: 'EPERM' });
});

test.serial('handles may be closed as soon as the call has been made', async (t) => {
  if (!requires(t, 'root')) return;
  staysUntouched(t);
  const uts = await createNamespace('uts');
  // Were the program gone already, the other namespace could have the number of the first.
  const go = join(temporaryDirectory(t), 'go');
  const running = shell(`until test -e ${go}; do sleep 0.01; done; readlink /proc/self/ns/uts`, {
    namespaces: { uts },
  });
  uts.close();
  using other = await createNamespace('uts');
  t.not(other.inode, uts.inode);
  writeFileSync(go, '');
  t.is(await running, `uts:[${uts.inode}]`);
  await t.throwsAsync(shell('true', { namespaces: { uts } }), { instanceOf: TypeError });
});

test.serial('a relative directory of a mount namespace is looked up there', async (t) => {
  if (!requires(t, 'root')) return;
  staysUntouched(t);
  const mnt = held(t, await createNamespace('mnt'));
  await shell('mount -t tmpfs none /mnt && mkdir "/mnt/a b"', { namespaces: { mnt } });
  t.is(await shell('pwd', { namespaces: { mnt }, cwd: '/mnt/a b' }), '/mnt/a b');
  await t.throwsAsync(shell('pwd', { cwd: '/mnt/a b' }), { code: 'ENOENT' });
});
