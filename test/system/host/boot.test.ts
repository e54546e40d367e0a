/** The unit of docs/cli.md, which starts containers when the machine does: as it stands there, but for where this tspod and the test's store are. */
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';

import type { RestartOptions } from '../../../src/index.js';
import { testEngine, type TestEngine } from '../../helpers/engine.js';
import { reboot } from '../../helpers/reboot.js';
import { requires } from '../../helpers/requires.js';

for (const cgroupManager of ['systemd', 'cgroupfs'] as const) {
  test.serial(`${cgroupManager}: the unit of docs/cli.md starts at boot what its policy says`, async (t) => {
    if (!requires(t, 'root', 'overlay', 'cgroup2', 'systemd', 'ownMachine')) return;
    const env = await testEngine(t, { cgroupManager });
    const create = (name: string, policy: RestartOptions['policy']) =>
      env.engine.containers.create(
        env.options({ name, restart: { policy }, command: ['sleep', '1000'], stopSignal: 'KILL' }),
      );
    await create('never-started', 'always');
    await (await create('no-policy', 'no')).start();
    await (await create('always', 'always')).start();
    await (await create('unless-stopped', 'unless-stopped')).start();
    const stopped = await create('stopped', 'unless-stopped');
    await stopped.start();
    await stopped.stop();
    await reboot(env);

    const unit = installUnit(t, env);
    systemctl('start', unit);
    const engine = await env.reopen();
    const running = engine.containers.list().map(({ name }) => name);
    t.deepEqual(running.sort(), ['always', 'unless-stopped']);
    t.is(systemctl('show', '--property=ActiveState', '--value', unit), 'active');

    const { pid, monitorPid } = engine.containers.get('always').state();
    const unitOfMonitor = basename(readFileSync(`/proc/${monitorPid}/cgroup`, 'utf8').trim());
    t.is(unitOfMonitor === unit, cgroupManager === 'cgroupfs', unitOfMonitor);
    systemctl('stop', unit);
    t.is(systemctl('show', '--property=ActiveState', '--value', unit), 'inactive');
    t.like(engine.containers.get('always').state(), { status: 'running', pid });
  });
}

/** Its name. */
function installUnit(t: ExecutionContext, { root, runRoot, cgroupManager }: TestEngine): string {
  const [, text = ''] = /^```ini\n(\[Unit\]\nDescription=Start the containers .*?)^```/ms.exec(
    readFileSync('docs/cli.md', 'utf8'),
  ) ?? [''];
  const name = `tspod-test-boot-${cgroupManager}.service`;
  const environment = {
    PATH: `${dirname(process.execPath)}:/usr/bin:/bin`,
    TSPOD_ROOT: root,
    TSPOD_RUNROOT: runRoot,
    TSPOD_CGROUP_MANAGER: cgroupManager,
  };
  const here = Object.entries(environment).map(([key, value]) => `Environment=${key}=${value}`);
  const path = join('/run/systemd/system', name);
  const changed = text
    .replace('[Service]', ['[Service]', ...here].join('\n'))
    .replace('/usr/local/bin/tspod', join(process.cwd(), 'bin/tspod'));
  t.regex(changed, /^ExecStart=.*\/bin\/tspod start --filter/m);
  writeFileSync(path, changed);
  t.teardown(() => {
    rmSync(path, { force: true });
    systemctl('daemon-reload');
  });
  systemctl('daemon-reload');
  return name;
}

function systemctl(...args: readonly string[]): string {
  return execFileSync('systemctl', args, { encoding: 'utf8' }).trim();
}
