/** What the record and the monitor's file say together. */
import test from 'ava';

import { statusOf } from '../../../src/container/observe.js';
import type { LiveRecord } from '../../../src/container/monitor/run-record.js';
import { FRESH_STATE, type StoredStatus } from '../../../src/state/records.js';

const PROCESS = { pid: 2, startTime: 1n };

function liveStatus(stored: StoredStatus, live: Pick<LiveRecord, 'status' | 'restarts'>): string {
  const record = { monitor: PROCESS, init: PROCESS, startedUs: 0, networkNamespace: undefined, ...live };
  return statusOf({ ...FRESH_STATE, status: stored }, { kind: 'live', live: record });
}

test('a process at the gate is initialized, also when the command that was to open it died', (t) => {
  t.is(liveStatus('initialized', { status: 'created', restarts: 0 }), 'initialized');
  t.is(liveStatus('active', { status: 'created', restarts: 0 }), 'initialized');
});

test('a process that a policy is making is no initialized one: nobody has to start it, and it cannot be removed', (t) => {
  t.is(liveStatus('active', { status: 'created', restarts: 1 }), 'restarting');
  t.is(liveStatus('active', { status: 'waiting', restarts: 1 }), 'restarting');
  t.is(liveStatus('stopping', { status: 'created', restarts: 1 }), 'stopping');
});

test('one that runs is running, paused or stopping as the record says', (t) => {
  t.is(liveStatus('active', { status: 'running', restarts: 3 }), 'running');
  t.is(liveStatus('initialized', { status: 'running', restarts: 0 }), 'running');
  t.is(liveStatus('paused', { status: 'running', restarts: 0 }), 'paused');
  t.is(liveStatus('stopping', { status: 'running', restarts: 0 }), 'stopping');
});
