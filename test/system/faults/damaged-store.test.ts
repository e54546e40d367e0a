/**
 * A store whose database is damaged, lost, locked, newer, or not to be written: every command says so in a line and does nothing; `system check` finds it,
 * `system check --repair` saves what there is to be saved, and what runs goes on.
 */
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import test, { type ExecutionContext } from 'ava';

import { busyboxRoot } from '../../helpers/busybox.js';
import { collect, output, run, start, storeOf, type CliResult } from '../../helpers/cli.js';
import { mountDisk, storeOn } from '../../helpers/disks.js';
import { isAlive } from '../../helpers/processes.js';
import { writeArchive } from '../../helpers/images.js';
import { busyboxLayer, imageOf, partsOf } from '../../helpers/layers.js';
import { SLOW, takesLong } from '../../helpers/pace.js';
import { randomFrom } from '../../helpers/random.js';
import { requires } from '../../helpers/requires.js';
import { temporaryDirectory } from '../../helpers/temp.js';
import { ownTurn } from '../../helpers/turn.js';
import { openEngine } from '../../../src/index.js';

/** What every one of them must do about a damage: nothing, and say so. */
const ORDINARY = [
  ['ps', '-a'],
  ['inspect', 'stopped'],
  ['start', 'stopped'],
  ['stop', '-t', '0', 'running'],
  ['exec', 'running', 'true'],
  ['rm', '--force', 'stopped'],
  ['create', '--network', 'none', 'host:', 'true'],
  ['run', '--rm', '--network', 'none', 'host:', 'true'],
  ['images'],
  ['volume', 'ls'],
  ['volume', 'rm', 'data'],
  ['system', 'prune', '--force'],
] as const;

const LIMIT_MS = 80_000 * SLOW;

interface Subject {
  readonly database: string;
  /** Id of the container that runs, and of the one that has ended. */
  readonly running: string;
  readonly stopped: string;
  /** First process of the one that runs. */
  readonly pid: number;
  /** Created ones: enough for some pages of the database. */
  readonly names: readonly string[];
}

const MANY = 100;
/** Each page: 1. */
const PAGE_STRIDE = Number(process.env['TSPOD_FAULT_PAGES'] ?? 12);

/** All is in the database file, and none in its log. */
async function subject(t: ExecutionContext<unknown>): Promise<Subject> {
  await ownTurn(t);
  const { root } = storeOf(t);
  const database = join(root, 'tspod.db');
  const flags = ['--network', 'none', '--stop-signal', 'KILL'];
  await run(t, 0, 'run', '-d', '--name', 'running', ...flags, '-v', 'data:/data', 'host:', 'sleep', '1000');
  await run(t, 0, 'exec', 'running', 'sh', '-c', 'echo kept > /data/file');
  await run(t, 0, 'run', '--name', 'stopped', ...flags, 'host:', 'sh', '-c', 'echo written > /written');
  const names = Array.from({ length: MANY }, (_, index) => `many${String(index)}`);
  const filler = 'x'.repeat(1500);
  const engine = await openEngine({ root, runRoot: storeOf(t).runRoot });
  for (const name of names) await engine.containers.create({ image: 'host:', name, labels: { filler } });
  await engine.close();
  const id = (name: string) => output(t, 'inspect', '--format', '{{.Id}}', name).then((text) => text.trim());
  const pid = Number(await output(t, 'inspect', '--format', '{{.State.Pid}}', 'running'));
  const found = { database, running: await id('running'), stopped: await id('stopped'), pid, names };
  checkpoint(database);
  return found;
}

function checkpoint(database: string): void {
  const db = new Database(database);
  db.pragma('wal_checkpoint(TRUNCATE)');
  db.close();
  for (const end of ['-wal', '-shm']) rmSync(database + end, { force: true });
}

/** All of the ordinary commands, and the check, refuse within their time and name what is to be done. */
async function refuses(t: ExecutionContext<unknown>, { database }: Subject, words: RegExp): Promise<void> {
  for (const args of ORDINARY) {
    const result = await within(t, args);
    t.is(result.status, 125, `${args.join(' ')}: ${result.stderr}`);
    oneLine(t, args, result);
    t.regex(result.stderr, words, args.join(' '));
    t.true(result.stderr.includes(database), `${args.join(' ')}: ${result.stderr}`);
  }
  const check = await within(t, ['system', 'check']);
  t.is(check.status, 125, check.stderr);
}

async function within(t: ExecutionContext<unknown>, args: readonly string[]): Promise<CliResult> {
  const begin = performance.now();
  const result = await collect(start(t, {}, ...args));
  const took = performance.now() - begin;
  t.true(took < LIMIT_MS, `${args.join(' ')} took ${took.toFixed(0)} ms`);
  return result;
}

function oneLine(t: ExecutionContext<unknown>, args: readonly string[], { stdout, stderr }: CliResult): void {
  t.is(stdout, '', args.join(' '));
  t.regex(stderr, /^Error: [^\n]+\n$/, args.join(' '));
  t.notRegex(stderr, /\bat .*:\d+:\d+/, args.join(' '));
}

/** Repairs it; the store is whole and in use then, the container that ran still does, and everything is found or named. */
async function repairs(t: ExecutionContext<unknown>, on: Subject): Promise<Repaired> {
  const { status, stdout, stderr } = await within(t, ['system', 'check', '--repair']);
  t.is(`${String(status)} ${stderr}`, '0 ', stdout);
  t.true(stdout.includes(on.database), stdout);
  t.is((await run(t, 0, 'system', 'check')).stdout, '');
  const listed = (await output(t, 'ps', '-a', '--no-trunc', '--format', '{{.ID}} {{.Names}} {{.State}}')).split('\n');
  const states = new Map(listed.filter(Boolean).map((line) => [line.slice(0, 64), line.slice(65)]));
  t.regex(states.get(on.running) ?? '', / running$/, stdout);
  t.true(isAlive(on.pid), stdout);
  t.regex(states.get(on.stopped) ?? '', / exited$/, stdout);
  t.deepEqual((await output(t, 'volume', 'ls', '-q')).split('\n').filter(Boolean), ['data']);
  t.is(readFileSync(join(storeOf(t).root, 'volumes/data/_data/file'), 'utf8'), 'kept\n');
  t.is(
    readFileSync(join(storeOf(t).root, 'containers', on.stopped, 'upper/written'), 'utf8'),
    'written\n',
    'what the container has written',
  );
  // It is one's own store again.
  t.is(await output(t, 'run', '--rm', '--network', 'none', 'host:', 'echo', 'well'), 'well\n');
  const names = new Set([...states.values()].map((value) => value.split(' ')[0] ?? ''));
  return { stdout, names, saved: on.names.filter((name) => names.has(name)).length };
}

interface Repaired {
  readonly stdout: string;
  readonly names: ReadonlySet<string>;
  /** How many of the created ones. */
  readonly saved: number;
}

interface Damage {
  readonly make: (database: string) => void;
  readonly words: RegExp;
  /** Of the created containers, at least. */
  readonly saved: number;
  /** Records of the containers that have files as well. */
  readonly whole?: boolean;
}

const PAGE = 4096;

function cut(share: number): (database: string) => void {
  return (database) => truncateSync(database, Math.floor(statSync(database).size * share));
}

function garbage(...pages: readonly number[]): (database: string) => void {
  return (database) => {
    const random = randomFrom(7);
    const fd = openSync(database, 'r+');
    for (const page of pages) {
      const bytes = Buffer.from(Array.from({ length: PAGE }, () => random.below(256)));
      writeSync(fd, bytes, 0, PAGE, page * PAGE);
    }
    closeSync(fd);
  };
}

const DAMAGED = /is damaged|database is damaged/;

const DAMAGES: Readonly<Record<string, Damage>> = {
  'of 0 bytes': { make: (database) => truncateSync(database, 0), words: /missing or empty/, saved: 0 },
  'that is missing': { make: unlinkSync, words: /missing or empty/, saved: 0 },
  'that is text': { make: (database) => writeFileSync(database, 'text\n'.repeat(5000)), words: DAMAGED, saved: 0 },
  'cut at 25 %': { make: cut(0.25), words: DAMAGED, saved: 0 },
  'cut at 50 %': { make: cut(0.5), words: DAMAGED, saved: 5 },
  'cut at 75 %': { make: cut(0.75), words: DAMAGED, saved: 15 },
  'without its first page': { make: garbage(0), words: DAMAGED, saved: MANY, whole: true },
};

for (const [title, { make, words, saved, whole = false }] of Object.entries(DAMAGES)) {
  test(`a database ${title}`, async (t) => {
    if (!requires(t, 'root', 'overlay')) return;
    const on = await subject(t);
    make(on.database);
    const before = existsSync(on.database) ? readFileSync(on.database) : undefined;
    await refuses(t, on, words);
    t.deepEqual(existsSync(on.database) ? readFileSync(on.database) : undefined, before, 'nothing writes to it');
    const repaired = await repairs(t, on);
    t.true(repaired.saved >= saved, `${String(repaired.saved)} of ${String(MANY)}: ${repaired.stdout}`);
    if (whole) t.true(repaired.names.has('stopped'));
    if (before !== undefined && before.length > 0)
      t.deepEqual(readFileSync(`${on.database}.damaged-1`), before, 'the damaged one stays');
    t.log(
      `${String(repaired.saved)} of ${String(MANY)} containers that were only recorded; ${repaired.stdout.split('\n')[0] ?? ''}`,
    );
    // What was saved can be used, what lost its configuration can be removed.
    await run(t, 0, 'rm', '--force', '--time', '0', ...repaired.names);
    t.false(isAlive(on.pid));
    t.true(existsSync(join(storeOf(t).root, 'volumes/data/_data/file')));
  });
}

test('a page of garbage: whatever it takes away, the store can be repaired', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  takesLong(t);
  const on = await subject(t);
  const whole = readFileSync(on.database);
  const pages = whole.length / PAGE;
  const counts = { found: 0, harmless: 0, saved: 0 };
  for (let page = 0; page < pages; page += PAGE_STRIDE) {
    writeFileSync(on.database, whole);
    garbage(page)(on.database);
    const what = `page ${String(page)} of ${String(pages)}`;
    const check = await within(t, ['system', 'check']);
    const ps = await within(t, ['ps', '-a', '-q', '--no-trunc']);
    // A page that nobody needs may be what it is, and `ps` does not read all of them.
    if (ps.status !== 0) oneLine(t, ['ps', what], ps);
    t.true(ps.status === 0 || check.status === 125, `${what}: ${check.stdout}${check.stderr}`);
    if (check.status === 0) {
      counts.harmless += 1;
      forgetLog(on.database);
      continue;
    }
    counts.found += 1;
    t.is(check.status, 125, what);
    counts.saved += (await repairs(t, on)).saved;
    forgetLog(on.database);
  }
  writeFileSync(on.database, whole);
  t.log(
    `${String(pages)} pages, each ${String(PAGE_STRIDE)}.: ${String(counts.found)} damages found, ${String(counts.harmless)} harmless; kept ${String(
      Math.round(counts.saved / Math.max(1, counts.found)),
    )} of ${String(MANY)} records on average`,
  );
  t.true(counts.found > 0);
});

/** As if nothing had used the database since. */
function forgetLog(database: string): void {
  for (const end of ['-wal', '-shm']) rmSync(database + end, { force: true });
}

test('a database whose log is missing is not taken for a new one', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  await ownTurn(t);
  const { root } = storeOf(t);
  const database = join(root, 'tspod.db');
  await run(t, 0, 'run', '--name', 'stopped', '--network', 'none', 'host:', 'true');
  const [id = ''] = readdirSync(join(root, 'containers'));
  t.is(statSync(database).size, PAGE, 'all is in the log so far');
  forgetLog(database);
  const ps = await within(t, ['ps']);
  t.is(ps.status, 125);
  t.regex(
    ps.stderr,
    /^Error: \S+tspod\.db has no tables, and \S+containers holds containers: run "tspod system check --repair"\n$/,
  );
  t.is((await within(t, ['system', 'check'])).status, 125);
  await run(t, 0, 'system', 'check', '--repair');
  t.deepEqual((await output(t, 'ps', '-aq', '--no-trunc')).trim(), id);
});

test('a database of 0 bytes whose log is there has all that is in that', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  await ownTurn(t);
  const database = join(storeOf(t).root, 'tspod.db');
  await run(t, 0, 'run', '--name', 'stopped', '--network', 'none', 'host:', 'true');
  await run(t, 0, 'create', '--name', 'other', '--network', 'none', 'host:', 'true');
  truncateSync(database, 0);
  t.is((await within(t, ['ps'])).status, 125);
  await run(t, 0, 'system', 'check', '--repair');
  t.deepEqual((await output(t, 'ps', '-a', '--format', '{{.Names}}')).trim().split('\n').sort(), ['other', 'stopped']);
  await run(t, 0, 'start', 'stopped');
});

test('a database that has forgotten its containers is not used', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  await ownTurn(t);
  const { root } = storeOf(t);
  const database = join(root, 'tspod.db');
  await run(t, 0, 'images');
  checkpoint(database);
  const empty = readFileSync(database);
  await run(t, 0, 'run', '-d', '--name', 'up', '--network', 'none', '--stop-signal', 'KILL', 'host:', 'sleep', '1000');
  const pid = Number(await output(t, 'inspect', '--format', '{{.State.Pid}}', 'up'));
  writeFileSync(database, empty);
  forgetLog(database);
  const ps = await within(t, ['ps']);
  t.is(ps.status, 125);
  t.regex(
    ps.stderr,
    /^Error: \S+tspod\.db has no containers, but \S+ holds some: run "tspod system check --repair"\n$/,
  );
  t.is((await within(t, ['system', 'check'])).status, 125);
  await run(t, 0, 'system', 'check', '--repair');
  t.regex(await output(t, 'ps', '--format', '{{.Names}} {{.State}}'), /^lost-[0-9a-f]{12} running\n$/);
  // It can be frozen, too.
  await run(t, 0, 'stop', '--time', '0', (await output(t, 'ps', '-q')).trim());
  t.false(isAlive(pid));
});

test('the index of the log is made anew', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  await run(t, 0, 'create', '--name', 'one', '--network', 'none', 'host:', 'true');
  unlinkSync(`${join(storeOf(t).root, 'tspod.db')}-shm`);
  t.is(await output(t, 'ps', '-a', '--format', '{{.Names}}'), 'one\n');
});

test('a database of a newer version is left alone', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const on = await subject(t);
  const version = setVersion(on.database, 999);
  const before = readFileSync(on.database);
  for (const args of [...ORDINARY, ['system', 'check'], ['system', 'check', '--repair']]) {
    const result = await within(t, args);
    t.is(result.status, 125, args.join(' '));
    oneLine(t, args, result);
    t.regex(result.stderr, /tspod\.db was made by a newer tspod/);
  }
  t.deepEqual(readFileSync(on.database), before);
  setVersion(on.database, version);
});

function setVersion(database: string, version: number): number {
  const db = new Database(database);
  const before = db.pragma('user_version', { simple: true }) as number;
  db.pragma(`user_version = ${String(version)}`);
  db.close();
  forgetLog(database);
  return before;
}

test('a database that another process has locked: who only reads goes on, who writes gives up in time', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const on = await subject(t);
  const db = new Database(on.database);
  t.teardown(() => db.close());
  for (const lock of ['BEGIN IMMEDIATE', 'BEGIN EXCLUSIVE']) {
    db.prepare(lock).run();
    for (const args of [['ps', '-a'], ['images'], ['volume', 'ls'], ['system', 'check']])
      t.is((await within(t, args)).status, 0, `${lock}: ${args.join(' ')}`);
    await Promise.all(
      [
        ['create', '--network', 'none', 'host:', 'true'],
        ['volume', 'create', 'other'],
        ['rm', '--force', '--all', '--time', '0'],
      ].map(async (args) => {
        const result = await within(t, args);
        t.is(result.status, 125, args.join(' '));
        // `rm` says it of each of them.
        const [first = ''] = result.stderr.split('\n');
        oneLine(t, args, { ...result, stderr: `${first}\n` });
        t.regex(first, /tspod\.db: the database is locked by another process/);
      }),
    );
    db.prepare('ROLLBACK').run();
  }
  await run(t, 0, 'rm', '--force', 'stopped');
});

test('a repair waits for nobody: it names who has the database open', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const on = await subject(t);
  const engine = await openEngine({ root: storeOf(t).root, runRoot: storeOf(t).runRoot });
  const whole = readFileSync(on.database);
  garbage(0)(on.database);
  const repair = await within(t, ['system', 'check', '--repair']);
  t.is(repair.status, 125);
  t.regex(
    repair.stderr,
    new RegExp(`^Error: process ${String(process.pid)} has \\S+tspod\\.db open: end it before the repair\n$`),
  );
  await engine.close();
  writeFileSync(on.database, whole);
});

test('a repair that is killed anywhere is gone on with', async (t) => {
  if (!requires(t, 'root', 'overlay', 'strace')) return;
  takesLong(t);
  const on = await subject(t);
  cut(0.75)(on.database);
  const damaged = readFileSync(on.database);
  let [killed, count] = [0, 0];
  for (const call of ['rename', 'unlink', 'ftruncate', 'fsync', 'pwrite64']) {
    for (let number = 1; ; number += call === 'pwrite64' ? 40 : 1) {
      for (const name of readdirSync(storeOf(t).root).filter((found) => found.startsWith('tspod.db')))
        rmSync(join(storeOf(t).root, name));
      writeFileSync(on.database, damaged);
      storeOf(t).prefix = [
        'strace',
        '-f',
        '-qq',
        '-o',
        '/dev/null',
        '-e',
        `trace=${call}`,
        '-e',
        `inject=${call}:signal=KILL:when=${String(number)}`,
      ];
      const repair = await within(t, ['system', 'check', '--repair']);
      delete storeOf(t).prefix;
      count += 1;
      if (repair.status === 0) break;
      killed += 1;
      const what = `killed before ${call} ${String(number)}`;
      const ps = await within(t, ['ps', '-aq']);
      // Before the new database is in its place nothing is used, afterwards all of it.
      if (ps.status !== 0) oneLine(t, ['ps', what], ps);
      else t.true(ps.stdout.split('\n').length > 50, `${what}: ${ps.stdout}`);
      const again = await within(t, ['system', 'check', '--repair']);
      t.is(again.status, 0, `${what}: ${again.stdout}${again.stderr}`);
      t.is((await run(t, 0, 'system', 'check')).stdout, '', what);
      t.regex(await output(t, 'inspect', '--format', '{{.State.Status}}', 'running'), /running/, what);
    }
  }
  t.log(`killed ${String(killed)} of ${String(count)}`);
  t.true(killed > 5);
});

test('images whose records are lost are there again, and so is what containers have of them', async (t) => {
  if (!requires(t, 'root', 'overlay', 'busybox')) return;
  await ownTurn(t);
  const { root } = storeOf(t);
  const database = join(root, 'tspod.db');
  const archive = join(temporaryDirectory(t), 'image.tar');
  await writeArchive(t, archive, partsOf(imageOf({ layers: [busyboxLayer()] })));
  await run(t, 0, 'load', '-q', '-i', archive);
  const id = (await output(t, 'images', '-q', '--no-trunc')).trim().replace('sha256:', '');
  await run(t, 0, 'run', '--name', 'one', '--network', 'none', id, 'sh', '-c', 'echo changed > /file');
  await run(t, 0, 'commit', '-q', 'one', 'localhost/committed:1');
  const ids = (await output(t, 'images', '-aq', '--no-trunc')).split('\n').filter(Boolean).sort();
  t.is(ids.length, 2);
  for (const end of ['', '-wal', '-shm']) rmSync(database + end);
  t.is((await within(t, ['images'])).status, 125);
  const { stdout } = await run(t, 0, 'system', 'check', '--repair');
  t.regex(stdout, /image [0-9a-f]{64} had no record/);
  t.deepEqual((await output(t, 'images', '-aq', '--no-trunc')).split('\n').filter(Boolean).sort(), ids);
  t.is((await run(t, 0, 'system', 'check')).stdout, '');
  const committed = ids.map((found) => found.replace('sha256:', '')).find((found) => found !== id) ?? '';
  t.is(await output(t, 'run', '--rm', '--network', 'none', committed, 'cat', '/file'), 'changed\n');
});

const READS: ReadonlySet<string> = new Set(['ps', 'inspect', 'images', 'system', 'volume', 'exec']);

test('a store on a file system that is read-only', async (t) => {
  if (!requires(t, 'root', 'overlay', 'mkfs.ext4')) return;
  const path = storeOn(t, mountDisk(t, 24));
  const database = join(path, 'tspod.db');
  const flags = ['--network', 'none', '--stop-signal', 'KILL', '--rootfs', `${busyboxRoot(t)}:O`];
  await run(t, 0, 'run', '-d', '--name', 'running', ...flags, '-v', 'data:/data', 'sleep', '1000');
  await run(t, 0, 'run', '--name', 'stopped', ...flags, 'true');
  const pid = Number(await output(t, 'inspect', '--format', '{{.State.Pid}}', 'running'));
  // What is open for writing keeps a file system from being made read-only; a bind mount over it does not care.
  execFileSync('mount', ['--bind', path, path]);
  execFileSync('mount', ['-o', 'remount,bind,ro', path]);
  try {
    for (const args of [...ORDINARY, ['system', 'check'], ['system', 'check', '--repair']]) {
      const result = await within(t, args);
      // The container that has it needs no write to be found.
      if (args[1] === 'rm') continue;
      // What only reads may well succeed.
      if (READS.has(args[0]) && result.status === 0) continue;
      t.is(result.status, 125, args.join(' '));
      // `prune` says how much it reclaimed: nothing.
      oneLine(t, args, { ...result, stdout: result.stdout.replace('Total reclaimed space: 0B\n', '') });
      t.true(result.stderr.includes(database), `${args.join(' ')}: ${result.stderr}`);
      t.regex(result.stderr, /read-?only/, args.join(' '));
    }
    t.true(isAlive(pid));
  } finally {
    execFileSync('umount', [path]);
  }
  t.is(await output(t, 'ps', '--format', '{{.State}}'), 'running\n');
});
