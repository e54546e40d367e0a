/** Thousands of commands in one container, some at once, leave nothing that grows: `npm run test:faults -- --only many-execs` has 10,000, here is a sample. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import test from 'ava';

import type { Container } from '../../../src/index.js';
import { until } from '../../helpers/until.js';
import { testEngine } from '../../helpers/engine.js';
import { childrenOf } from '../../helpers/processes.js';
import { takesLong } from '../../helpers/pace.js';
import { requires } from '../../helpers/requires.js';

const COUNT = Number(process.env['TSPOD_TEST_EXECS'] ?? 400);
const AT_ONCE = 8;

/** A kilobyte that each of 10,000 commands leaves is more. */
const MAX_HEAP_BYTES = 8 << 20;
const MAX_MONITOR_KIB = 256;

test('commands in a container leave no process, no descriptor, no memory and no file', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  takesLong(t);
  const env = await testEngine(t);
  const container = await env.engine.containers.create(env.options({ command: ['sleep', '100000'] }));
  await container.start();
  const { pid, monitorPid } = container.state();
  // The first ones load and cache what all need.
  await execute(container, 10 * AT_ONCE);
  await quiet();
  const before = look(monitorPid);
  const codes = await execute(container, COUNT);
  t.deepEqual([...codes], [[7, COUNT]]);
  await quiet();
  const wereOpen = before.descriptors.length;
  // One that was just being closed at the first look does not count.
  await until('all descriptors are closed', () => descriptorsOf('self').length <= wereOpen);
  const after = look(monitorPid);
  t.log(`${String(COUNT)} commands`, before, after);
  t.deepEqual(after.monitorDescriptors, before.monitorDescriptors, 'descriptors of the monitor');
  t.true(after.monitorKib - before.monitorKib <= MAX_MONITOR_KIB, 'memory of the monitor');
  t.true(after.heapBytes - before.heapBytes <= MAX_HEAP_BYTES, 'memory of this process');
  t.deepEqual(after.runFiles, before.runFiles);
  t.is(container.state().pid, pid);

  /** Of all monitors the container's alone is left. */
  async function quiet(): Promise<void> {
    await until('monitors of commands are gone', () => childrenOf(process.pid).length === 1);
  }

  function look(monitor: number) {
    return {
      descriptors: descriptorsOf('self'),
      heapBytes: heapBytes(),
      monitorDescriptors: descriptorsOf(String(monitor)),
      monitorKib: Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${String(monitor)}/status`, 'utf8'))?.[1]),
      runFiles: readdirSync(`${env.runRoot}/c/${container.id}`, { recursive: true }).sort(),
    };
  }
});

/** How many ended with which exit code. */
async function execute(container: Container, count: number): Promise<ReadonlyMap<number, number>> {
  const codes = new Map<number, number>();
  let begun = 0;
  const worker = async () => {
    while (begun < count) {
      begun += 1;
      const { exitCode } = await container.exec({ command: ['sh', '-c', 'exit 7'] });
      codes.set(exitCode, (codes.get(exitCode) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return codes;
}

/** What they are of, without numbers of sockets and the like. */
function descriptorsOf(process: string): readonly string[] {
  return readdirSync(`/proc/${process}/fd`)
    .flatMap((fd) => {
      try {
        return readlinkSync(`/proc/${process}/fd/${fd}`).replace(/:\[\d+\]$/, '');
      } catch {
        return []; // of this very look
      }
    })
    .sort();
}

function heapBytes(): number {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  collectGarbage();
  return process.memoryUsage().heapUsed;
}
