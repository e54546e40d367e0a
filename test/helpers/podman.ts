/** The other engine, on a store of the test's own. */
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';

import { temporaryDirectory } from './temp.js';

export interface Podman {
  /** `podman ...args` must succeed, and what it prints is the answer. */
  (...args: readonly string[]): string;
  /** What comes before its arguments, and its environment, for those who run it themselves. */
  readonly globals: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** Answers how it is run. A test that uses it requires 'podman' and 'runc'. */
export function podmanOf(t: ExecutionContext<unknown>): Podman {
  const directory = temporaryDirectory(t);
  const configuration = join(directory, 'containers.conf');
  // Its default limits may be above those of the machine.
  writeFileSync(
    configuration,
    '[containers]\ndefault_ulimits=["nofile=1024:1024","nproc=1000:1000"]\n[engine]\nevents_logger="none"\n',
  );
  // On hybrid hosts crun refuses to work.
  const runtime = existsSync('/sys/fs/cgroup/unified') ? ['--runtime', 'runc'] : [];
  const places = ['root', 'runroot', 'tmpdir'].flatMap((name) => [`--${name}`, join(directory, name)]);
  const globals = [...places, ...runtime, '--cgroup-manager', 'cgroupfs', '--storage-driver', 'overlay'];
  const env = { ...process.env, CONTAINERS_CONF: configuration };
  const run = (...args: readonly string[]) => spawnSync('podman', [...globals, ...args], { encoding: 'utf8', env });
  t.teardown(() => {
    run('rm', '--all', '--force');
    run('rmi', '--all', '--force');
    spawnSync('umount', [join(directory, 'root/overlay')], { stdio: 'ignore' });
  });
  const podman = (...args: readonly string[]): string => {
    const { status, stdout, stderr } = run(...args);
    t.is(status, 0, `podman ${args.join(' ')}: ${stderr}`);
    return stdout;
  };
  return Object.assign(podman, { globals, env });
}
