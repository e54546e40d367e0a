/** Health checks by the command line: flags, statuses, what ps and inspect print. */

import { onBusybox } from '../../helpers/busybox.js';
import { output, run } from '../../helpers/cli.js';

const DISABLED = ['--health-interval', 'disable'];

onBusybox('healthcheck run: 0 when healthy, 1 and the word otherwise, 125 after an error', async (t, root) => {
  const create = ['create', '--name', 'c', '--rootfs', root, '--health-cmd', 'test -e /well', ...DISABLED];
  await run(t, 0, ...create, 'sleep', '1000');
  t.is((await run(t, 1, 'healthcheck', 'run', 'c')).stdout, 'stopped\n');
  await run(t, 0, 'start', 'c');
  t.is((await run(t, 1, 'healthcheck', 'run', 'c')).stdout, 'unhealthy\n');
  t.is(await output(t, 'healthcheck', 'run', '--ignore-result', 'c'), 'unhealthy\n');
  await run(t, 0, 'exec', 'c', 'touch', '/well');
  t.is(await output(t, 'healthcheck', 'run', 'c'), '');
  t.is(
    await output(t, 'inspect', '-f', '{{.State.Health.Status}} {{.State.Health.FailingStreak}}', 'c'),
    'healthy 0\n',
  );
  t.regex((await run(t, 125, 'healthcheck', 'run', 'missing')).stderr, /no such container/);
  t.regex((await run(t, 125, 'healthcheck', 'run')).stderr, /accepts 1 arg\(s\), received 0/);
  await run(t, 0, 'create', '--name', 'd', '--rootfs', root, 'true');
  t.regex((await run(t, 125, 'healthcheck', 'run', 'd')).stderr, /has no defined healthcheck/);
  t.regex((await run(t, 125, 'healthcheck', 'walk')).stderr, /unrecognized command `tspod healthcheck walk`/);
});

onBusybox('ps shows how well a container is, filters by it, and wait waits for it', async (t, root) => {
  const flags = ['--health-interval', '50ms', '--health-retries', '1', '--stop-timeout', '0'];
  await run(t, 0, 'run', '-d', '--name', 'good', '--rootfs', root, '--health-cmd', 'true', ...flags, 'sleep', '1000');
  await run(
    t,
    0,
    'run',
    '-d',
    '--name',
    'bad',
    '--rootfs',
    root,
    '--health-cmd',
    '["false"]',
    ...flags,
    'sleep',
    '1000',
  );
  await run(t, 0, 'run', '-d', '--name', 'none', '--rootfs', root, '--stop-timeout', '0', 'sleep', '1000');
  await run(t, 0, 'wait', '--condition', 'healthy', 'good');
  await run(t, 0, 'wait', '--condition', 'unhealthy', 'bad');
  const named = async (...args: string[]): Promise<string> => output(t, 'ps', '--format', '{{.Names}}', ...args);
  t.is(await named('--filter', 'health=healthy'), 'good\n');
  t.is(await named('--filter', 'health=unhealthy'), 'bad\n');
  t.is(await named('--filter', 'health=none'), 'none\n');
  t.regex((await run(t, 125, 'ps', '--filter', 'health=fine')).stderr, /health must be one of .*, not "fine"/);
  const status = async (name: string): Promise<string> =>
    output(t, 'ps', '--filter', `name=${name}`, '--format', '{{.Status}}');
  t.regex(await status('good'), /^Up .* \(healthy\)\n$/);
  t.regex(await status('bad'), /^Up .* \(unhealthy\)\n$/);
  t.regex(await status('none'), /^Up [^()]*\n$/);
  await run(t, 0, 'pause', 'good');
  t.is(await status('good'), 'Paused\n');
  await run(t, 0, 'unpause', 'good');
});

onBusybox('each flag of a health check does what it says', async (t, root) => {
  const create = async (...flags: string[]): Promise<Record<string, unknown>> => {
    const id = (await output(t, 'create', '--rootfs', root, ...flags, 'sleep', '1000')).trim();
    return JSON.parse(await output(t, 'inspect', '-f', '{{json .Config}}', id)) as Record<string, unknown>;
  };
  t.like(await create('--health-cmd', 'a b'), {
    Healthcheck: { Test: ['CMD-SHELL', 'a b'], Interval: 30e9, Timeout: 30e9, Retries: 3 },
    HealthcheckOnFailureAction: 'none',
    HealthMaxLogCount: 5,
    HealthMaxLogSize: 500,
    HealthLogDestination: 'local',
  });
  const all = await create(
    ...['--health-cmd', '["a", "b c"]', '--health-interval', '1m', '--health-timeout', '2s', '--health-retries', '5'],
    ...['--health-start-period', '3s', '--health-on-failure', 'kill', '--health-max-log-count', '7'],
    ...['--health-max-log-size', '9', '--health-log-destination', 'local'],
    ...['--health-startup-cmd', 'up', '--health-startup-interval', '4s', '--health-startup-retries', '6'],
    ...['--health-startup-success', '2', '--health-startup-timeout', '5s'],
  );
  t.like(all, {
    Healthcheck: { Test: ['CMD', 'a', 'b c'], Interval: 60e9, Timeout: 2e9, Retries: 5, StartPeriod: 3e9 },
    StartupHealthCheck: { Test: ['CMD-SHELL', 'up'], Interval: 4e9, Timeout: 5e9, Retries: 6, Successes: 2 },
    HealthcheckOnFailureAction: 'kill',
    HealthMaxLogCount: 7,
    HealthMaxLogSize: 9,
  });
  t.false('Interval' in ((await create('--health-cmd', 'a', ...DISABLED))['Healthcheck'] as object));
  for (const flags of [['--health-cmd', 'none'], ['--no-healthcheck'], ['--health-interval', '1s'], []]) {
    t.false('Healthcheck' in (await create(...flags)), flags.join(' '));
  }
});

onBusybox("what makes no sense is refused in Podman's words", async (t, root) => {
  const refused = async (message: string, ...flags: string[]): Promise<void> => {
    const { stderr } = await run(t, 125, 'create', '--rootfs', root, ...flags, 'true');
    t.is(stderr, `Error: ${message}\n`);
  };
  const command = ['--health-cmd', 'x'];
  await refused('healthcheck-retries must be greater than 0', ...command, '--health-retries', '0');
  await refused('healthcheck-timeout must be at least 1 second', ...command, '--health-timeout', '0s');
  await refused('invalid healthcheck-interval: time: invalid duration "x"', ...command, '--health-interval', 'x');
  await refused('healthcheck-start-period must be 0 seconds or greater', ...command, '--health-start-period=-1s');
  await refused(
    'invalid on-failure action "x" for health check: supported actions are none,kill,restart,stop',
    ...command,
    ...['--health-on-failure', 'x'],
  );
  await refused('cannot set on-failure action to kill without a health check', '--health-on-failure', 'kill');
  await refused('cannot specify both --no-healthcheck and --health-cmd', ...command, '--no-healthcheck');
  await refused('cannot set a startup health check without a health check', ...['--health-startup-cmd', 'x']);
  await refused(
    '--health-log-destination /tmp is not supported yet: results are stored with the container',
    ...command,
    ...['--health-log-destination', '/tmp'],
  );
});
