import test from 'ava';

import { placeCgroup } from '../../../src/plan/cgroup-placement.js';
import type { ExecContext } from '../../../src/plan/context.js';
import { execPlan } from '../../../src/plan/exec.js';
import { teardownPlan } from '../../../src/plan/teardown.js';
import type { OciProcess } from '../../../src/oci/spec.js';
import { HYBRID, V2 } from '../../helpers/facts.js';
import { ID, specOf, wordsOf } from '../../helpers/plans.js';

const CONTEXT: ExecContext = {
  id: ID,
  target: { pid: 42, startTime: 7n },
  namespaces: ['pid', 'mount', 'network', 'ipc', 'uts', 'cgroup'],
  cgroup: placeCgroup(V2, { path: '/tspod/x', resources: {} }),
  identity: { user: 'me', groups: [], addedCapabilities: [] },
  stdio: { stdin: 'null', stdout: 'monitor', stderr: 'monitor', keepStdin: false, stdinOnce: false },
};

function processOf(change: Partial<OciProcess> = {}): OciProcess {
  const { process } = specOf({ capDrop: ['ALL'], capAdd: ['KILL'], command: ['ls', '/'] });
  if (process === undefined) throw new Error('no process');
  return { ...process, rlimits: [], ...change };
}

test('an exec joins by a descriptor of the first process, all namespaces but that of PIDs at once', (t) => {
  t.deepEqual(wordsOf(execPlan(processOf(), CONTEXT)), [
    'be the monitor of an exec',
    'streams: /dev/null, monitor, monitor',
    'open /sys/fs/cgroup/tspod/x',
    'open process 42 started at 7',
    'join pid namespace of process 42',
    'make the child where process 42 is, if /tspod/x is divided',
    'clone with no namespaces into /sys/fs/cgroup/tspod/x',
    'join mount,cgroup,uts,ipc,network namespace of process 42',
    'open /',
    'begin a session',
    'look up user me',
    'bound capabilities to kill',
    'change to /',
    'set umask 0022',
    'become the user',
    'as root hold capabilities kill',
    'as another user hold capabilities none',
    'exec ls /',
  ]);
});

test('an exec with a terminal, a limit, a filter and descriptors', (t) => {
  const words = wordsOf(
    execPlan(processOf({ terminal: true, noNewPrivileges: true }), {
      ...CONTEXT,
      timeLimitMs: 20,
      pidFile: '/pid',
      seccomp: { program: new Uint8Array(8), flags: 0 },
      extraFds: [{ inheritedFd: 4, fd: 3 }],
    }),
  );
  for (const line of [
    'streams: a terminal',
    'end after 20 ms',
    "write the container's pid to /pid",
    'open a terminal of 80x24',
    'hand on inherited descriptor 4 as 3',
  ]) {
    t.true(words.includes(line), line);
  }
  t.deepEqual(words.slice(-3), ['gain no new privileges', 'install a seccomp filter of 1 instructions', 'exec ls /']);
});

test('on hybrid hosts the groups of version 1 are entered, none is made', (t) => {
  const words = wordsOf(
    execPlan(processOf(), { ...CONTEXT, cgroup: placeCgroup(HYBRID, { path: '/tspod/x', resources: {} }) }),
  );
  t.is(words.filter((line) => line.startsWith('enter cgroup')).length, 5);
  t.false(words.some((line) => line.startsWith('make cgroup')));
});

test("with the host's PID namespace there is none to join; in a user namespace the child becomes its root first", (t) => {
  const words = wordsOf(execPlan(processOf(), { ...CONTEXT, namespaces: ['user', 'mount'] }));
  t.false(words.some((line) => line.startsWith('join pid')));
  const join = words.indexOf('join mount,user namespace of process 42');
  t.is(words[join + 1], 'become root of the user namespace');
});

test('teardown: groups, hooks that may fail, mounts, files, trees', (t) => {
  const plan = teardownPlan({
    id: ID,
    cgroup: CONTEXT.cgroup,
    hooks: [{ path: '/hook' }],
    bundle: '/b',
    unmounts: ['/m'],
    removeFiles: ['/f'],
    removeTrees: ['/t'],
  });
  t.deepEqual(wordsOf(plan), [
    'remove cgroup /sys/fs/cgroup/tspod/x',
    '? run hook /hook',
    'unmount /m',
    'remove /f',
    'remove all of /t',
  ]);
});
