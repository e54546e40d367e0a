/** Cgroups of a test's own around processes that are to have little: memory, or processes. */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import type { ExecutionContext } from 'ava';

import { until } from './until.js';

type Controller = 'memory' | 'pids';

export interface LimitGroup {
  /** Words before a command, which put it in. */
  readonly prefix: readonly string[];
  /** Puts a process in. */
  readonly take: (pid: number) => void;
  /** In bytes, or processes. */
  readonly limit: (value: number) => void;
  /** Processes of it that the kernel has killed for want of memory. */
  readonly oomKills: () => number;
}

const V1 = '/sys/fs/cgroup/memory';

/** Removed after the test, when all in it have ended. */
export function limitGroup(t: ExecutionContext<unknown>, controller: Controller): LimitGroup {
  const isV1 = existsSync(V1);
  const path = join(
    isV1 ? `/sys/fs/cgroup/${controller}` : '/sys/fs/cgroup',
    `limit-${randomBytes(6).toString('hex')}`,
  );
  mkdirSync(path);
  t.teardown(async () => {
    await until(`${path} is empty`, () => readFileSync(join(path, 'cgroup.procs'), 'utf8') === '');
    rmdirSync(path);
  });
  const procs = join(path, 'cgroup.procs');
  const file = { memory: isV1 ? 'memory.limit_in_bytes' : 'memory.max', pids: 'pids.max' }[controller];
  const events = join(path, isV1 ? 'memory.oom_control' : 'memory.events');
  return {
    prefix: ['sh', '-c', `echo 0 > ${procs}; exec "$@"`, 'sh'],
    take: (pid) => writeFileSync(procs, String(pid)),
    limit: (value) => writeFileSync(join(path, file), String(value)),
    oomKills: () => Number(/^oom_kill (\d+)$/m.exec(readFileSync(events, 'utf8'))?.[1]),
  };
}
