/** What a container writes is in its log: every byte, however it was written, whatever happens to the log meanwhile. */
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { readIfThere } from '../../src/native/if-there.js';
import { until } from '../helpers/until.js';
import { childrenOf, suspend, untilStalled } from '../helpers/processes.js';
import { requires } from '../helpers/requires.js';
import { launchContainer, pidIn, runContainer, startContainer } from '../helpers/supervised.js';
import { temporaryDirectory } from '../helpers/temp.js';
import { CODES } from '../../src/plan/codes.js';

const K8S = 1;
const JSON_FILE = 2;

interface LogRecord {
  readonly time: string;
  readonly stream: string;
  readonly full: boolean;
  readonly content: Buffer;
}

/** Cuts a file into lines without their newlines. */
function linesOf(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(0x0a, start);
    lines.push(bytes.subarray(start, end));
    start = end + 1;
  }
  return lines;
}

/** `TIME STREAM F|P CONTENT` */
function k8sRecords(path: string): LogRecord[] {
  return linesOf(readFileSync(path)).map((line) => {
    const [time = '', stream = '', tag = ''] = line.subarray(0, 60).toString('latin1').split(' ');
    const content = line.subarray(time.length + stream.length + tag.length + 3);
    return { time, stream, full: tag === 'F', content };
  });
}

/** What a stream wrote, from its records. */
function contentOf(records: readonly LogRecord[], stream: string): Buffer {
  const own = records.filter((record) => record.stream === stream);
  return Buffer.concat(own.flatMap(({ content, full }) => (full ? [content, Buffer.from('\n')] : [content])));
}

/** The bytes that a json-file log stands for: lone low surrogates are bytes that were not UTF-8. */
function contentOfJson(path: string, stream: string): Buffer {
  const records = linesOf(readFileSync(path)).map(
    (line) => JSON.parse(line.toString('utf8')) as Record<string, string>,
  );
  const text = records
    .filter((record) => record['stream'] === stream)
    .map((record) => record['log'])
    .join('');
  const parts = text.split(/((?<![\ud800-\udbff])[\udc80-\udcff])/);
  return Buffer.concat(
    parts.map((part, i) => (i % 2 === 1 ? Buffer.of(part.charCodeAt(0) & 0xff) : Buffer.from(part))),
  );
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

test('logs: both streams, each record with its time and its stream', async (t) => {
  const { engine, logPath } = await startContainer(t, {
    command: 'echo out; read line; echo err >&2; read line; echo again',
    log: {},
    attach: { stdin: true, stdout: true, stderr: true },
  });
  // What is there at once is read stream by stream.
  await engine.untilOutput('out\n');
  engine.type('\n');
  await engine.untilOutput(({ stderr }) => stderr.includes('err\n'));
  engine.type('\n');
  await engine.expect('exited');
  const records = k8sRecords(logPath);
  t.deepEqual(
    records.map(({ stream, content, full }) => [stream, content.toString(), full]),
    [
      ['stdout', 'out', true],
      ['stderr', 'err', true],
      ['stdout', 'again', true],
    ],
  );
  const times = records.map((record) => record.time);
  t.deepEqual(times, times.toSorted());
  for (const time of times) {
    t.regex(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}\+00:00$/);
    t.true(Math.abs(Date.parse(time) - Date.now()) < 60_000);
  }
});

test('logs: json-file has the fields that others expect', async (t) => {
  const { logPath } = await runContainer(t, { command: 'printf \'say "hi"\\t\\\\\\n\'', log: { driver: JSON_FILE } });
  const record = JSON.parse(readFileSync(logPath, 'utf8')) as Record<string, string>;
  t.deepEqual(Object.keys(record), ['log', 'stream', 'time']);
  t.is(record['log'], 'say "hi"\t\\\n');
  t.is(record['stream'], 'stdout');
  t.regex(record['time'] ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
});

async function keepsRandomBytes(t: ExecutionContext, driver: number, megabytes: number): Promise<void> {
  const directory = temporaryDirectory(t);
  const random = join(directory, 'random');
  spawnSync('sh', ['-c', `head -c ${megabytes}M /dev/urandom > ${random}`]);
  const { logPath } = await runContainer(t, { command: `cat ${random}`, directory, log: { driver }, attach: {} });
  const content = driver === K8S ? contentOf(k8sRecords(logPath), 'stdout') : contentOfJson(logPath, 'stdout');
  t.is(content.length, megabytes * 1024 * 1024);
  t.is(sha256(content), sha256(readFileSync(random)));
}

test('logs: 16 MiB of random bytes come back from k8s-file as they were', keepsRandomBytes, K8S, 16);
test('logs: 2 MiB of random bytes come back from json-file as they were', keepsRandomBytes, JSON_FILE, 2);

test('logs: output that looks like a record is content', async (t) => {
  const fake = '2006-01-02T15:04:05.999999999+00:00 stderr F forged';
  const { logPath } = await runContainer(t, { command: ['printf', `${fake}\\n`], log: {} });
  t.deepEqual(
    k8sRecords(logPath).map(({ stream, content }) => [stream, content.toString()]),
    [['stdout', fake]],
  );
});

test('logs: a line of 1 MiB without a newline is many partial records', async (t) => {
  const command = "head -c 1048576 /dev/zero | tr '\\0' x";
  const { logPath } = await runContainer(t, { command, log: {} });
  const records = k8sRecords(logPath);
  t.true(records.every(({ full, content }) => !full && content.length <= 16_384));
  t.is(contentOf(records, 'stdout').length, 1_048_576);
});

test('logs: what is not ended with a newline is there at once, and is not ended by the log either', async (t) => {
  const container = await startContainer(t, {
    command: 'printf prompt; read answer; printf "got $answer"',
    log: {},
    attach: { stdin: true, stdout: true },
  });
  await container.engine.untilOutput('prompt');
  const logged = () => contentOf(k8sRecords(container.logPath), 'stdout').toString();
  t.is(await until('it is in the log', () => logged() || undefined), 'prompt');
  container.engine.type('it\n');
  await container.engine.expect('exited');
  t.is(logged(), 'promptgot it');
});

test('logs: the last words of a container that is killed are kept', async (t) => {
  const command = 'head -c 60000 /dev/zero; kill -9 $$';
  const { logPath } = await runContainer(t, { command, log: {}, attach: {} });
  t.is(contentOf(k8sRecords(logPath), 'stdout').length, 60_000);
});

test('logs: nothing is lost while the monitor cannot keep up', async (t) => {
  const container = await startContainer(t, { command: 'seq 1 200000; read line', log: {}, attach: { stdin: true } });
  for (let i = 0; i < 5; i += 1) {
    process.kill(container.monitorPid, 'SIGSTOP');
    await delay(50);
    process.kill(container.monitorPid, 'SIGCONT');
    await delay(5);
  }
  container.engine.type('\n');
  await container.engine.expect('exited');
  const numbers = Array.from({ length: 200_000 }, (_, i) => `${i + 1}\n`).join('');
  t.is(contentOf(k8sRecords(container.logPath), 'stdout').toString(), numbers);
});

test('logs: a writer that fills its pipe gets a larger one', async (t) => {
  const size = 'perl -e "exit log(fcntl(STDOUT, 1032, 0)) / log(2)"'; // F_GETPIPE_SZ
  const go = join(temporaryDirectory(t), 'go');
  const command = `while [ ! -e ${go} ]; do sleep 0.02; done; head -c 300000 /dev/zero; ${size}`;
  const container = await startContainer(t, { command, log: {}, attach: {} });
  await suspend(container.monitorPid);
  writeFileSync(go, '');
  const writer = await until('it writes', () =>
    childrenOf(pidIn(container.directory, 'init')).find((pid) => readIfThere(`/proc/${pid}/comm`) === 'head\n'),
  );
  await untilStalled(writer);
  process.kill(container.monitorPid, 'SIGCONT');
  t.like(await container.engine.expect('exited'), { code: 20 });
  t.is(contentOf(k8sRecords(container.logPath), 'stdout').length, 300_000);
});

test('logs: a restarted container goes on in the same file', async (t) => {
  const command = 'echo run; exit 1';
  const { logPath } = await runContainer(t, {
    command,
    log: {},
    restart: { policy: CODES.restartPolicy['on-failure'], maxRetries: 2 },
  });
  t.is(contentOf(k8sRecords(logPath), 'stdout').toString(), 'run\nrun\nrun\n');
});

test('logs: rotation keeps as many files as allowed, none of them too long, and loses nothing between them', async (t) => {
  const maxBytes = 100_000;
  const log = { maxBytes: BigInt(maxBytes), maxFiles: 50 };
  const { directory } = await runContainer(t, { command: 'seq 1 40000', log });
  const names = readdirSync(directory).filter((name) => name.startsWith('log'));
  const number = (name: string) => Number(name.slice('log.'.length) || '0');
  names.sort((a, b) => number(b) - number(a));
  t.true(names.length > 10 && names.length <= 50);
  for (const name of names) t.true(statSync(join(directory, name)).size <= maxBytes);
  const all = names.map((name) => contentOf(k8sRecords(join(directory, name)), 'stdout').toString()).join('');
  t.is(all, Array.from({ length: 40_000 }, (_, i) => `${i + 1}\n`).join(''));
});

test('logs: rotation with one file starts that anew', async (t) => {
  const { directory, logPath } = await runContainer(t, {
    command: 'seq 1 10000',
    log: { maxBytes: 10_000n, maxFiles: 1 },
  });
  t.deepEqual(
    readdirSync(directory).filter((name) => name.startsWith('log')),
    ['log'],
  );
  const content = contentOf(k8sRecords(logPath), 'stdout').toString();
  t.true(content.endsWith('9999\n10000\n'));
  t.true(statSync(logPath).size <= 10_000);
});

test('logs: `reopenLog` follows a file that was moved away', async (t) => {
  const container = await startContainer(t, {
    command: 'while read line; do echo $line; done',
    log: {},
    attach: { stdin: true, stdout: true },
  });
  container.engine.type('before\n');
  await container.engine.untilOutput('before');
  renameSync(container.logPath, `${container.logPath}.moved`);
  container.engine.send('reopenLog', {});
  container.engine.type('after\n');
  container.engine.send('stdinEnd', {});
  await container.engine.expect('exited');
  t.is(contentOf(k8sRecords(`${container.logPath}.moved`), 'stdout').toString(), 'before\n');
  t.is(contentOf(k8sRecords(container.logPath), 'stdout').toString(), 'after\n');
});

test('logs: driver none writes no file', async (t) => {
  const { logPath, engine } = await runContainer(t, { command: 'echo hello', log: { driver: CODES.logDriver.none } });
  t.false(existsSync(logPath));
  t.is(engine.stdout.toString(), 'hello\n');
});

test('logs: the file has the mode of the plan', async (t) => {
  const { logPath } = await runContainer(t, { command: 'umask 0; echo', log: { mode: 0o640 } });
  t.is(statSync(logPath).mode & 0o7777, 0o640);
});

async function refusesToLog(t: ExecutionContext, prepare: (path: string) => void, errno: number): Promise<void> {
  const directory = temporaryDirectory(t);
  prepare(join(directory, 'log'));
  const marker = join(directory, 'ran');
  const container = launchContainer(t, { command: ['touch', marker], directory, log: {} });
  const failed = await container.engine.expect('failed');
  t.is(failed.errno, errno);
  t.regex(failed.detail, /log/);
  await container.ended;
  t.false(existsSync(marker));
  t.false(existsSync(join(directory, 'attach')));
  t.false(existsSync(join(directory, 'state')));
}

test(
  'logs: a symlink at the path is refused before anything runs',
  refusesToLog,
  (path: string) => symlinkSync('/etc/passwd', path),
  40,
);
test('logs: a directory at the path is refused', refusesToLog, (path: string) => mkdirSync(path), 21);
test('logs: a fifo at the path is refused', refusesToLog, (path: string) => spawnSync('mkfifo', [path]), 6);

test('logs: a full disk loses records but not the container, and says how many', async (t) => {
  if (!requires(t, 'root')) return;
  const directory = temporaryDirectory(t);
  const disk = join(directory, 'disk');
  mkdirSync(disk);
  t.is(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk]).status, 0);
  t.teardown(() => spawnSync('umount', ['-l', disk]));
  const ballast = join(disk, 'ballast');
  writeFileSync(ballast, Buffer.alloc(32 * 1024));
  const path = join(disk, 'log');
  const command = 'seq 1 5000; echo written; read answer; echo heard; read answer; echo recovered';
  const container = await startContainer(t, {
    command,
    directory,
    log: { path },
    attach: { stdin: true, stdout: true },
  });
  await container.engine.untilOutput('written');
  container.engine.type('go on\n');
  // What came before has been tried to be written by then.
  await container.engine.untilOutput('heard');
  spawnSync('rm', [ballast]);
  container.engine.type('go on\n');
  t.is((await container.engine.expect('exited')).code, 0);
  const records = k8sRecords(path);
  const remark = records.find(({ stream }) => stream === 'stderr')?.content.toString() ?? '';
  const lost = Number(/^\[tspod\] (\d+) log records \(\d+ bytes\) lost: No space left on device$/.exec(remark)?.[1]);
  // A line that two reads share counts twice, as two records.
  const counted = lost + records.length - 1;
  t.true(lost > 0 && counted >= 5003 && counted < 5021, `${counted} records`);
  t.is(records.at(-1)?.content.toString(), 'recovered');
});

test('logs: where rotation does not work the file grows, and nothing is lost', async (t) => {
  const directory = temporaryDirectory(t);
  mkdirSync(join(directory, 'log.1', 'in the way'), { recursive: true });
  const { exited, logPath } = await runContainer(t, {
    command: 'seq 1 1000',
    directory,
    log: { maxBytes: 1000n, maxFiles: 2 },
  });
  t.is(exited['code'], '0');
  t.is(k8sRecords(logPath).length, 1000);
});

test('logs: a rotation that fails half-way leaves each file under its name', async (t) => {
  if (!requires(t, 'root', 'strace')) return;
  const container = await startContainer(t, {
    command: 'while read line; do echo $line; done',
    log: { maxBytes: 60n, maxFiles: 3 },
    attach: { stdin: true, stdout: true },
  });
  const say = async (word: string) => {
    container.engine.type(`${word}\n`);
    await container.engine.untilOutput(`${word}\n`);
    await until('it is in the log', () => contents().join(' ').includes(word));
  };
  // A file may move away between two looks, while the log is rotated.
  const contents = () =>
    ['', '.1', '.2'].map((end) => readIfThere(container.logPath + end)?.replace(/^\S+ stdout F /gm, '') ?? '');
  await say('one');
  await say('two');
  await say('three');
  t.deepEqual(contents(), ['three\n', 'two\n', 'one\n']);
  // The two older ones have moved then.
  const inject = ['-e', 'trace=renameat', '-e', 'inject=renameat:error=EIO:when=3'];
  const strace = spawn('strace', [...inject, '-p', `${container.monitorPid}`], { stdio: ['ignore', 'ignore', 'pipe'] });
  t.teardown(() => strace.kill());
  await once(strace.stderr, 'data'); // it is attached
  await say('four');
  t.deepEqual(contents(), ['three\nfour\n', 'two\n', '']);
  await say('five');
  t.deepEqual(contents(), ['five\n', 'three\nfour\n', 'two\n']);
});

test('logs: a log that is not rotated by us may be truncated by others', async (t) => {
  const container = await startContainer(t, {
    command: 'while read line; do echo $line; done',
    log: {},
    attach: { stdin: true, stdout: true },
  });
  container.engine.type('before\n');
  // Clients have it first.
  await until('it is in the log', () => contentOf(k8sRecords(container.logPath), 'stdout').toString() === 'before\n');
  writeFileSync(container.logPath, '');
  container.engine.type('after\n');
  container.engine.send('stdinEnd', {});
  await container.engine.expect('exited');
  t.is(contentOf(k8sRecords(container.logPath), 'stdout').toString(), 'after\n');
});
