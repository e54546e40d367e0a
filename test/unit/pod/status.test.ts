import test from 'ava';

import type { ContainerStatus } from '../../../src/container/api/container.js';
import type { PodStatus } from '../../../src/pod/api.js';
import { podStatus } from '../../../src/pod/status.js';

const is = test.macro({
  exec: (t, status: PodStatus, ...members: readonly ContainerStatus[]) => {
    t.is(podStatus(members.map((member) => ({ status: member }))), status);
  },
  title: (_, status, ...members) => `pod status: ${members.join(', ')}: ${status}`,
});

test(is, 'Created');
test(is, 'Created', 'created');
test(is, 'Created', 'created', 'initialized');
test(is, 'Running', 'running', 'running');
test(is, 'Running', 'running', 'stopping', 'restarting');
test(is, 'Degraded', 'running', 'created');
test(is, 'Degraded', 'running', 'exited', 'paused');
test(is, 'Paused', 'paused', 'paused');
test(is, 'Exited', 'exited', 'stopped', 'removing');
test(is, 'Stopped', 'exited', 'created');
test(is, 'Stopped', 'exited', 'paused');
test(is, 'Error', 'paused', 'created');
