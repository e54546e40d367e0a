/** Programs that run in namespaces: what they get, how they end, and what is left of them. */
import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { isTspodError, mountFileSystem, runInNamespaces, unmount } from '../../../src/native/index.js';
import type { NativeError, RunInNamespacesOptions, RunInNamespacesResult } from '../../../src/native/index.js';
import { children } from '../../helpers/native.js';
import { SLOW } from '../../helpers/pace.js';
import { requires } from '../../helpers/requires.js';
import { temporaryDirectory } from '../../helpers/temp.js';
import { until } from '../../helpers/until.js';
import { staysUntouched } from '../../helpers/untouched.js';

type Options = Omit<RunInNamespacesOptions, 'command'>;

const run = (command: readonly string[], options: Options = {}): Promise<RunInNamespacesResult> =>
  runInNamespaces({ command, ...options });
const shell = (script: string, options: Options = {}) => run(['sh', '-c', script], options);
const text = async (result: Promise<RunInNamespacesResult>) => (await result).stdout.toString().trim();

const MODULE = new URL('../../../src/native/index.js', import.meta.url).href;

test.serial('the end of a program is told by code or signal, and its streams apart', async (t) => {
  staysUntouched(t);
  const { stdout, stderr, ...end } = await shell('echo out; echo err >&2; exit 3');
  t.deepEqual(end, { exitCode: 3, signal: 0, timedOut: false });
  t.deepEqual([stdout.toString(), stderr.toString()], ['out\n', 'err\n']);
  t.like(await shell('exit 300'), { exitCode: 44 });
  for (const signal of [1, 9, 15, 35]) t.like(await shell(`kill -${signal} $$`), { exitCode: -1, signal });
});

test.serial('words, variables and directories arrive as they are', async (t) => {
  staysUntouched(t);
  const odd = ['', ' a  b ', 'c\nd', 'e=f,../g', 'ü\u{1F600}', '-n', '$HOME'];
  t.is(await text(run(['printf', '[%s]', ...odd])), odd.map((word) => `[${word}]`).join(''));
  const env = { PATH: process.env['PATH'], EMPTY: '', ODD: 'a=b\nc', 'a b': 'c', GONE: undefined };
  const seen = (await text(run(['env', '-0'], { env }))).split('\0').filter((line) => line !== '');
  t.deepEqual(seen.toSorted(), [`PATH=${process.env['PATH']}`, 'EMPTY=', 'ODD=a=b\nc', 'a b=c'].toSorted());
  process.env['TSPOD_TEST_INHERITED'] = 'yes';
  t.is(await text(shell('echo $TSPOD_TEST_INHERITED; pwd')), 'yes\n/');
  delete process.env['TSPOD_TEST_INHERITED'];
  t.is(await text(run(['pwd'], { cwd: '/usr/../usr/./bin' })), '/usr/bin');
  t.is(await text(run(['tr', 'a', 'b'], { input: 'aü' })), 'bü');
  t.is(await text(run(['wc', '-c'])), '0');
});

test.serial('a program has no rest of this process: descriptors, signals, umask, session', async (t) => {
  staysUntouched(t);
  process.umask(0o077);
  t.teardown(() => process.umask(0o022));
  const status = await text(run(['cat', '/proc/self/status']));
  for (const line of ['Umask:\t0022', 'SigBlk:\t0{16}', 'SigIgn:\t0{16}', 'NoNewPrivs:\t0', 'Seccomp:\t0'])
    t.regex(status, new RegExp(`^${line}$`, 'm'));
  t.deepEqual((await text(shell('ls /proc/$$/fd'))).split('\n'), ['0', '1', '2']);
  const [, , , , , session, terminal] = (await text(run(['cat', '/proc/self/stat']))).replace(/\(.*\)/, 'x').split(' ');
  t.not(
    session,
    readFileSync('/proc/self/stat', 'utf8')
      .replace(/\(.*\)/, 'x')
      .split(' ')[5],
  );
  t.is(terminal, '0');
});

test.serial('ids of a program are those that were asked for, without further groups', async (t) => {
  if (!requires(t, 'root')) return;
  staysUntouched(t);
  const ids = (options: Options) => text(shell('id -u; id -g; id -G', options));
  t.is(await ids({ uid: 1234, gid: 5678 }), '1234\n5678\n5678');
  t.is(await ids({ uid: 1234 }), '1234\n0\n0');
  t.is(await ids({ gid: 5678 }), '0\n5678\n5678');
  t.is(await ids({ uid: 0xfffffffe }), '4294967294\n0\n0');
  t.regex(await text(run(['cat', '/proc/self/status'], { uid: 1234 })), /^CapEff:\t0{16}$/m);
  for (const uid of [-1, 0xffffffff, 2 ** 40, 1.5, Number.NaN])
    for (const wrong of [{ uid }, { gid: uid }]) await t.throwsAsync(run(['id'], wrong), { instanceOf: TypeError });
});

test.serial('what cannot be started fails with the call that failed', async (t) => {
  staysUntouched(t);
  const failed = async (command: string[], options?: Options) => {
    const error = await t.throwsAsync<NativeError>(run(command, options), { name: 'NativeError' });
    return [error?.code, error?.syscall, error?.path];
  };
  t.deepEqual(await failed(['/no/such']), ['ENOENT', 'execve', '/no/such']);
  t.deepEqual(await failed(['no-such-program']), ['ENOENT', 'execve', 'no-such-program']);
  t.deepEqual(await failed(['/etc/passwd']), ['EACCES', 'execve', '/etc/passwd']);
  t.deepEqual((await failed(['echo', 'x'.repeat(200_000)]))[0], 'E2BIG');
  t.deepEqual(await failed(['true'], { cwd: '/no/such' }), ['ENOENT', 'openat2', '/no/such']);
  t.deepEqual(await failed(['true'], { cwd: '/etc/passwd' }), ['ENOTDIR', 'openat2', '/etc/passwd']);
  t.deepEqual(await failed(['true'], { namespaces: { net: '/no/such' } }), ['ENOENT', 'open', '/no/such']);
  t.deepEqual(await failed(['true'], { namespaces: { net: '/proc/self/ns/uts' } }), [
    'EINVAL',
    'open',
    '/proc/self/ns/uts',
  ]);
});

test.serial('what is no option is misuse, and nothing is started', async (t) => {
  staysUntouched(t);
  const wrong: object[] = [
    { command: [] },
    { command: [''] },
    { command: 'true' },
    { command: ['echo', 5] },
    { command: ['a\0'] },
    { env: { 'a=b': 'c' } },
    { env: { '': 'c' } },
    { env: { a: 'b\0' } },
    { env: { a: 5 } },
    { cwd: 'relative' },
    { cwd: '/\0' },
    { timeoutMs: -1 },
    { timeoutMs: 1.5 },
    { maxOutputBytes: Number.NaN },
    { stdio: 'pipe' },
    { stdio: 'inherit', input: 'x' },
    { input: 7 },
    { namespaces: { nope: 'new' } },
    { namespaces: { net: 'relative' } },
    { namespaces: { net: null } },
    { uidMap: [{ inside: 0, outside: 0, size: 1 }] },
    { namespaces: { user: 'new' }, gidMap: [{ inside: 0, outside: 0, size: 0 }] },
  ];
  for (const options of wrong)
    await t.throwsAsync(run(['true'], options), { instanceOf: TypeError }, JSON.stringify(options));
});

test.serial('input and output of any size pass, and unread input holds nobody up', async (t) => {
  staysUntouched(t);
  const bytes = Buffer.alloc(5 * 1024 * 1024, 'abcdefg');
  t.true((await run(['cat'], { input: bytes })).stdout.equals(bytes));
  for (const script of ['true', 'exec <&-; sleep 0.1', 'head -c 10 > /dev/null'])
    t.like(await shell(script, { input: bytes }), { exitCode: 0, signal: 0 });
});

test.serial('too much output ends the program', async (t) => {
  staysUntouched(t);
  t.is((await shell('printf 12345; printf 67890 >&2', { maxOutputBytes: 10 })).stdout.length, 5);
  const error = await t.throwsAsync(
    shell('printf 12345; sleep 0.2; printf 678901 >&2; sleep 60', { maxOutputBytes: 10 }),
  );
  if (!isTspodError(error, 'OUTPUT_TOO_LARGE')) throw error;
  t.deepEqual(error.details, { stdout: Buffer.from('12345'), stderr: Buffer.from('67890') });
  await t.throwsAsync(run(['yes'], { maxOutputBytes: 0 }), { code: 'OUTPUT_TOO_LARGE' });
});

test.serial('a time limit ends the program, and no other', async (t) => {
  staysUntouched(t);
  t.like(await run(['sleep', '60'], { timeoutMs: 100 }), { exitCode: -1, signal: 9, timedOut: true });
  t.like(await shell('trap "" TERM; while :; do sleep 0.01; done', { timeoutMs: 100 }), { signal: 9, timedOut: true });
  t.like(await shell('kill -9 $$', { timeoutMs: 60_000 }), { signal: 9, timedOut: false });
  t.like(await run(['true'], { timeoutMs: Number.MAX_SAFE_INTEGER }), { exitCode: 0, timedOut: false });
});

test.serial('aborting ends the program at any moment of its life', async (t) => {
  staysUntouched(t);
  const reason = new Error('enough');
  await t.throwsAsync(run(['true'], { signal: AbortSignal.abort(reason) }), { code: 'ABORTED' });
  for (let moment = 0; moment < 40; moment += 1) {
    const aborter = new AbortController();
    const running = run(['sleep', '60'], { signal: aborter.signal });
    const later = moment < 20 ? setImmediate : (abort: () => void) => setTimeout(abort, (moment - 20) / 2);
    const turns = moment % 20;
    for (let turn = 0; turn < turns && moment < 20; turn += 1) await new Promise((next) => setImmediate(next));
    later(() => aborter.abort(reason));
    const error = await t.throwsAsync(running, { code: 'ABORTED', message: 'run: aborted' });
    t.is(error?.cause, reason);
  }
  const late = new AbortController();
  t.like(await run(['true'], { signal: late.signal }), { exitCode: 0 });
  late.abort();
});

test.serial('a start that does not come to an end ends by a time limit, and by aborting', async (t) => {
  if (!requires(t, 'root')) return;
  staysUntouched(t);
  const stuck = await mountWithoutServer(t);
  const started = performance.now();
  const limited = await run(['true'], { cwd: stuck, timeoutMs: 100 });
  t.like(limited, { exitCode: -1, signal: 9, timedOut: true, stdout: Buffer.alloc(0) });
  const program = run([`${stuck}/true`], { signal: AbortSignal.timeout(100) });
  await t.throwsAsync(program, { code: 'ABORTED' });
  t.true(performance.now() - started < 15_000 * SLOW);
  await until('their monitors have ended', () => children().length === 0);
});

/** A directory below a FUSE mount that nobody serves: who goes there waits. */
async function mountWithoutServer(t: ExecutionContext): Promise<string> {
  const target = temporaryDirectory(t);
  const fuse = openSync('/dev/fuse', 'r+');
  const options = [`fd=${fuse}`, 'rootmode=40000', 'user_id=0', 'group_id=0'];
  await mountFileSystem({ type: 'fuse', target, options });
  t.teardown(async () => {
    await unmount(target, { detach: true });
    closeSync(fuse);
  });
  return `${target}/below`;
}

test.serial('more than a monitor takes is too much for a program, and nothing is started', async (t) => {
  staysUntouched(t);
  const before = children();
  const tooBig = { code: 'E2BIG', message: /^execve / };
  await t.throwsAsync(run(['/bin/true', 'x'.repeat(1024 * 1024)]), tooBig);
  await t.throwsAsync(run(['/bin/true', 'x'.repeat(17 * 1024 * 1024)]), tooBig);
  await t.throwsAsync(run(['/bin/true'], { env: { A: 'x'.repeat(17 * 1024 * 1024) } }), tooBig);
  await until('no monitor waits', () => children().length === before.length);
});

test.serial('somebody may kill the monitor', async (t) => {
  staysUntouched(t);
  const before = children();
  const running = run(['sleep', '60']);
  const failed = t.throwsAsync(running, { code: 'MONITOR_DIED' });
  const [monitor = ''] = children().filter((child) => !before.includes(child));
  process.kill(Number(monitor.split(' ')[0]), 'SIGKILL');
  await failed;
});

test.serial('what stays in the background goes on, but for that of a pid namespace', async (t) => {
  if (!requires(t, 'root')) return;
  staysUntouched(t);
  const file = `${temporaryDirectory(t)}/out`;
  const script = `: > ${file}; (while :; do echo x >> ${file}; sleep 0.02; done) & echo $!`;
  const pid = Number(await text(shell(script)));
  t.notThrows(() => process.kill(pid, 'SIGKILL'));
  await shell(script, { namespaces: { pid: 'new' } });
  const size = () => readFileSync(file).length;
  const first = size();
  await new Promise((next) => setTimeout(next, 200));
  t.is(size(), first);
});

test.serial('inherited streams are those of this process', (t) => {
  const script = `
    import { runInNamespaces } from '${MODULE}';
    const result = await runInNamespaces({ command: ['sh', '-c', 'cat; echo err >&2; exit 5'], stdio: 'inherit' });
    console.log(result.exitCode, result.stdout.length, result.stderr.length);`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { input: 'typed\n' });
  t.deepEqual([stdout.toString(), stderr.toString()], ['typed\n5 0 0\n', 'err\n']);
});

test.serial('fifty at once', async (t) => {
  staysUntouched(t);
  const all = Array.from({ length: 50 }, (_, index) => String(index));
  t.deepEqual(await Promise.all(all.map((word) => text(run(['echo', word])))), all);
});
