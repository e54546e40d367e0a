/** Commands that may open few files, start few processes, or are killed by the kernel for want of memory, and a monitor that is: each works, or says in a line why not, and leaves nothing. */
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';

import { collect, KILLED_BY_SIGNAL, output, run, start, storeOf, type CliResult } from '../../helpers/cli.js';
import { until } from '../../helpers/until.js';
import { isAlive } from '../../helpers/processes.js';
import { limitGroup } from '../../helpers/limits.js';
import { checkOutcome } from '../../helpers/outcome.js';
import { requires } from '../../helpers/requires.js';
import { SLOW, takesLong } from '../../helpers/pace.js';

const FLAGS = ['--network', 'none', '--stop-signal', 'KILL'];

const COMMANDS = [
  ['run', '--rm', ...FLAGS, 'host:', 'true'],
  ['run', '-d', ...FLAGS, 'host:', 'sleep', '1000'],
  ['exec', 'bystander', 'true'],
  ['ps', '-a'],
  ['volume', 'create'],
] as const;

/** Every one of them: 1. */
const STRIDE = Number(process.env['TSPOD_FAULT_STRIDE'] ?? 10);

test('few descriptors: each command works, or says why not, and leaves nothing', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  takesLong(t);
  const pid = await bystander(t);
  const counts = { worked: 0, failed: 0, node: 0 };
  for (let count = 8; count <= 128; count += count < 60 ? STRIDE : STRIDE * 4) {
    const prefix = ['prlimit', `--nofile=${String(count)}`];
    if (!nodeStarts(prefix)) {
      counts.node += 1;
      continue;
    }
    for (const args of COMMANDS) {
      const result = await within(t, prefix, args);
      checkOutcome(t, `${String(count)} descriptors: ${args.join(' ')}`, result);
      counts[result.status === 0 ? 'worked' : 'failed'] += 1;
    }
    await onlyBystander(t, pid, `${String(count)} descriptors`);
  }
  t.log(counts);
  t.true(counts.worked > 0 && counts.failed > 0);
});

test('few processes: each command works, or says why not, and leaves nothing', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  takesLong(t);
  const pid = await bystander(t);
  const group = limitGroup(t, 'pids');
  const counts = { worked: 0, failed: 0, node: 0 };
  for (let count = 7; count <= 21; count += Math.min(4, STRIDE)) {
    group.limit(count);
    // With fewer it waits for ever for threads that it could not start.
    if (!nodeStarts(group.prefix)) continue;
    for (const args of COMMANDS) {
      const result = await within(t, group.prefix, args);
      const what = `${String(count)} processes: ${args.join(' ')}`;
      // Node needs threads of its own, and ends in words of its own where it has none.
      if (result.status === KILLED_BY_SIGNAL || isNodes(result)) counts.node += 1;
      else {
        checkOutcome(t, what, result);
        counts[result.status === 0 ? 'worked' : 'failed'] += 1;
      }
    }
    await onlyBystander(t, pid, `${String(count)} processes`);
  }
  t.log(counts);
  t.true(counts.worked > 0 && counts.node + counts.failed > 0);
});

function isNodes({ stderr }: CliResult): boolean {
  return /^(node\[\d+\]|#|sh: |.*Cannot fork)/m.test(stderr);
}

test('a command that the kernel kills for want of memory leaves nothing', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  takesLong(t);
  const pid = await bystander(t);
  const group = limitGroup(t, 'memory');
  const counts = { worked: 0, failed: 0, killed: 0 };
  for (let mib = 16; mib <= 96; mib += 2 * Math.min(STRIDE, 8)) {
    group.limit(mib << 20);
    for (const args of COMMANDS.slice(0, 3)) {
      const before = group.oomKills();
      const result = await within(t, group.prefix, args);
      const wasKilled = group.oomKills() > before;
      const what = `${String(mib)} MiB: ${args.join(' ')}`;
      // Its monitor may be the one that is killed, and the command says so.
      if (result.status === KILLED_BY_SIGNAL) t.true(wasKilled || result.tookTooLong, what);
      else if (!isOutOfHeap(result)) checkOutcome(t, what, result);
      counts[wasKilled ? 'killed' : result.status === 0 ? 'worked' : 'failed'] += 1;
    }
    await onlyBystander(t, pid, `${String(mib)} MiB`);
  }
  t.log(counts);
  t.true(counts.killed > 0);
});

/** What V8 says when it gets no memory. */
function isOutOfHeap({ stderr }: CliResult): boolean {
  return /out of memory/i.test(stderr);
}

test('a monitor that the kernel kills for want of memory: its container is ended by the next command', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const other = await bystander(t);
  await run(t, 0, 'run', '-d', '--name', 'subject', ...FLAGS, 'host:', 'sleep', '1000');
  const pid = Number(await output(t, 'inspect', '--format', '{{.State.Pid}}', 'subject'));
  const monitor = Number(/^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1]);
  t.regex(readFileSync(`/proc/${String(monitor)}/comm`, 'utf8'), /^tspod-monitor/);
  const group = limitGroup(t, 'memory');
  group.limit(32 << 20);
  group.take(monitor);
  writeFileSync(`/proc/${String(monitor)}/oom_score_adj`, '1000');
  const [word = '', ...words] = [...group.prefix, 'tail', '/dev/zero'];
  // They read one line that has no end; each alone has less than all that there is, which is what the monitor counts for.
  const hogs = [0, 1].map(() => spawn(word, words, { stdio: 'ignore' }));
  t.teardown(() => hogs.forEach((hog) => hog.kill('SIGKILL')));
  await until('the monitor is gone', () => !isAlive(monitor));
  t.true(group.oomKills() >= 1, 'it was the kernel');
  for (const hog of hogs) hog.kill('SIGKILL');
  const listed = await output(t, 'ps', '-a', '--filter', 'name=subject', '--format', '{{.State}} {{.ExitCode}}');
  t.is(listed, 'exited -1\n');
  t.is(await output(t, 'inspect', '--format', '{{.State.Error}}', 'subject'), 'its monitor died\n');
  t.false(isAlive(pid));
  await run(t, 0, 'start', 'subject');
  await onlyBystander(t, other, 'after it');
});

test('a program that keeps logins and cannot be started is told of in a line', (t) => {
  if (!requires(t, 'root')) return;
  const script = `
    import { openSync, closeSync } from 'node:fs';
    const { helperGet } = await import(process.argv[1]);
    const open = [];
    try { for (;;) open.push(openSync('/dev/null')); } catch {}
    const call = helperGet('localhost', { helper: 'none', environment: process.env });
    for (const fd of open) closeSync(fd);
    await call.catch((error) => console.log(error.code + ': ' + error.message));`;
  const module = join(process.cwd(), 'out/src/image/auth/credential-helper.js');
  const flags = ['--nofile=64', process.execPath, '--input-type=module', '--eval', script, module];
  const { stdout, stderr } = spawnSync('prlimit', flags, { encoding: 'utf8' });
  t.is(stderr, '');
  t.regex(stdout, /^INVALID_ARGUMENT: run docker-credential-none: spawn .* EMFILE\n$/);
});

/** Its first process. */
async function bystander(t: ExecutionContext<unknown>): Promise<number> {
  await run(t, 0, 'run', '-d', '--name', 'bystander', ...FLAGS, 'host:', 'sleep', '1000');
  return Number(await output(t, 'inspect', '--format', '{{.State.Pid}}', 'bystander'));
}

/** It goes on, and nothing but it is left after the next commands. */
async function onlyBystander(t: ExecutionContext<unknown>, pid: number, what: string): Promise<void> {
  const rows = (await output(t, 'ps', '-a', '--no-trunc', '--format', '{{.ID}} {{.Names}}')).trim().split('\n');
  t.is(new Set(rows).size, rows.length, what);
  const others = rows.filter((row) => !row.endsWith(' bystander')).map((row) => row.slice(0, 64));
  if (others.length > 0) await run(t, 0, 'rm', '--force', '--time', '0', ...others);
  t.is(await output(t, 'ps', '-a', '--format', '{{.Names}} {{.State}}'), 'bystander running\n', what);
  t.true(isAlive(pid), what);
  t.is((await run(t, 0, 'system', 'check')).stdout, '', what);
}

function nodeStarts([program = '', ...words]: readonly string[]): boolean {
  return (
    spawnSync(program, [...words, process.execPath, '--eval', 'setImmediate(() => 0)'], {
      timeout: 10_000,
      killSignal: 'SIGKILL',
    }).status === 0
  );
}

async function within(
  t: ExecutionContext<unknown>,
  prefix: readonly string[],
  args: readonly string[],
): Promise<CliResult & { readonly tookTooLong: boolean }> {
  const store = storeOf(t);
  store.prefix = prefix;
  const child = start(t, {}, ...args);
  delete store.prefix;
  let tookTooLong = false;
  const timer = setTimeout(() => {
    tookTooLong = true;
    child.kill('SIGKILL');
  }, 60_000 * SLOW);
  try {
    return { ...(await collect(child)), tookTooLong };
  } finally {
    clearTimeout(timer);
  }
}
