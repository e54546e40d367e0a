import test from 'ava';

import { withFlags } from '../../../../src/cli/errors/flag-words.js';
import { createFlags } from '../../../../src/cli/flags/create/all.js';
import { normalizeResources } from '../../../../src/spec/limits/resources.js';

const says = test.macro({
  exec: (t, message: string, expected: string) => {
    t.is(withFlags(message), expected);
  },
  title: (_, message) => `flag words: ${message}`,
});

test(says, 'memoryBytes must be a whole number, not 1', '--memory must be a whole number, not 1');
test(says, 'cgroupParent must not hold ".."', '--cgroup-parent must not hold ".."');
test(says, 'memorySwapBytes needs memoryBytes', '--memory-swap needs --memory');
test(says, 'cpus must be a number from 0, not -1', '--cpus must be a number from 0, not -1');
test(says, 'this machine has 2 cpus', 'this machine has 2 cpus');
test(says, 'cpusetCpus must be a list, not "memoryBytes"', '--cpuset-cpus must be a list, not "memoryBytes"');
test(says, 'hostname must be "pidsLimit" or "umask"', '--hostname must be "pidsLimit" or "umask"');

test('flag words: each is a flag of create', (t) => {
  const names = new Set(createFlags.map(({ name }) => `--${name}`));
  for (const option of [
    'memoryBytes',
    'memorySwappiness',
    'cpuRtRuntimeUs',
    'deviceWriteIops',
    'shmSizeBytes',
    'timeoutSec',
  ])
    t.true(names.has(withFlags(option)), option);
});

test('flag words: what the engine says of a limit names the flag', (t) => {
  const error = t.throws(() => normalizeResources({ memoryBytes: 1 }));
  t.regex(withFlags(error.message), /^--memory must be a whole number from 4096 /);
});
