/**
 * The clock jumps, a day back and ten years forth, and back to where it was. Nothing that waits goes by it: nothing hangs, is early or is lost. It sets the machine's
 * clock, and so it runs in the virtual machine of the tests alone.
 */
import { execFileSync } from 'node:child_process';
import test, { type ExecutionContext } from 'ava';

import { collect, output, run, start } from '../../helpers/cli.js';
import { until } from '../../helpers/until.js';
import { SLOW, takesLong } from '../../helpers/pace.js';
import { requires } from '../../helpers/requires.js';

const DAY_S = 24 * 3600;
const JUMPS = { 'a day back': -DAY_S, 'ten years forth': 3650 * DAY_S } as const;
const FLAGS = ['--network', 'none', '--stop-signal', 'KILL'];

for (const [title, seconds] of Object.entries(JUMPS)) {
  test.serial(`clock: ${title}: what waits goes on as if nothing had happened`, async (t) => {
    if (!requires(t, 'root', 'overlay', 'ownMachine')) return;
    takesLong(t);
    const detached = (name: string, ...words: readonly string[]) =>
      run(t, 0, 'run', '-d', '--name', name, ...FLAGS, ...words);
    await detached('waited', 'host:', 'sh', '-c', 'until test -e /go; do sleep 0.1; done; exit 7');
    await detached('deaf', '--stop-signal', 'TERM', 'host:', 'sh', '-c', 'trap "" TERM; while :; do sleep 0.1; done');
    await detached('limited', '--timeout', '1000', 'host:', 'sleep', '1000');
    await detached('checked', '--health-cmd', 'true', '--health-interval', '200ms', 'host:', 'sleep', '1000');
    await detached('again', '--restart', 'always', 'host:', 'sleep', '0.2');
    await detached(
      'writes',
      '--log-opt',
      'max-size=10k',
      'host:',
      'sh',
      '-c',
      'i=0; while :; do echo $i; i=$((i+1)); sleep 0.02; done',
    );
    const wait = collect(start(t, {}, 'wait', 'waited'));
    const stop = collect(start(t, {}, 'stop', '--time', String(3 * SLOW), 'deaf'));
    const events = start(t, {}, 'events', '--filter', 'event=start');
    const heard = collect(events);
    // Each has begun to wait.
    await run(t, 0, 'wait', '--condition', 'stopping', 'deaf');
    const restarts = () => numberOf(t, '{{.RestartCount}}', 'again');
    const checks = async () =>
      (await output(t, 'inspect', '--format', '{{json .State.Health.Log}}', 'checked')).split('"Start"').length;
    await until('a restart and a check', async () => (await restarts()) > 0 && (await checks()) > 1);
    const before = { restarts: await restarts(), began: performance.now() };
    jump(t, seconds);
    // Nothing is early.
    t.is(await output(t, 'ps', '--filter', 'name=limited', '--format', '{{.State}}'), 'running\n');
    t.is(await output(t, 'ps', '--filter', 'name=waited', '--format', '{{.State}}'), 'running\n');
    // Nothing hangs.
    t.is((await stop).status, 0);
    t.true(performance.now() - before.began < 60_000 * SLOW);
    t.is(await numberOf(t, '{{.State.ExitCode}}', 'deaf'), 137);
    await until('it is restarted', async () => (await restarts()) > before.restarts);
    await until('it is checked', async () => /"Start":"[^"]+"/.test(await lastCheck(t)));
    // Not by a command in it, which would be killed when the container ends.
    await run(t, 0, 'cp', '/etc/hostname', 'waited:/go');
    t.is((await wait).stdout, '7\n');
    const first = Number((await output(t, 'logs', '--tail', '1', 'writes')).trim());
    await until(
      'the log goes on',
      async () => Number((await output(t, 'logs', '--tail', '1', 'writes')).trim()) > first,
    );
    // Nothing is lost: what was made at another time is found, kept and removed.
    await run(t, 0, 'volume', 'create', 'kept');
    t.is(await output(t, 'run', '--rm', ...FLAGS, 'host:', 'echo', 'well'), 'well\n');
    events.kill('SIGINT');
    t.regex((await heard).stdout, /container start/);
    t.regex(await output(t, 'events', '--stream=false'), /container died .*name=waited/);
    await run(t, 0, 'rm', '--force', '--time', '0', 'again', 'writes', 'checked');
    t.is((await run(t, 0, 'system', 'check')).stdout, '');
    await run(t, 0, 'volume', 'rm', 'kept');
  });
}

async function numberOf(t: ExecutionContext<unknown>, format: string, name: string): Promise<number> {
  return Number(await output(t, 'inspect', '--format', format, name));
}

/** Of the time that the clock shows now. */
async function lastCheck(t: ExecutionContext<unknown>): Promise<string> {
  const log = JSON.parse(await output(t, 'inspect', '--format', '{{json .State.Health.Log}}', 'checked')) as readonly {
    readonly Start: string;
  }[];
  const last = log.at(-1);
  if (last === undefined || Math.abs(Date.parse(last.Start) - Date.now()) > 3600_000) return '';
  return JSON.stringify(last);
}

/** And back after the test, by as much. */
function jump(t: ExecutionContext<unknown>, seconds: number): void {
  setClock(seconds);
  t.teardown(() => setClock(-seconds));
}

function setClock(bySeconds: number): void {
  execFileSync('date', ['--set', `@${String(Math.round(Date.now() / 1000) + bySeconds)}`]);
}
