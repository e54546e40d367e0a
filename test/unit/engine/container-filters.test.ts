import test from 'ava';

import { filterPredicate } from '../../../src/engine/containers/filters.js';
import type { ContainerFilters, ContainerSummary } from '../../../src/engine/types.js';

const CREATED: Readonly<Record<string, number>> = { old: 1000, middle: 2000, late: 3000 };

const WEB = {
  id: 'ab12'.repeat(16),
  name: 'web',
  status: 'exited',
  command: ['/bin/sleep', '10'],
  createdAt: new Date(2500),
  labels: { app: 'x' },
  restartPolicy: 'always',
  stoppedByUser: false,
  startedAt: new Date(2600),
} as unknown as ContainerSummary;

function matches(filters: ContainerFilters, values: Partial<ContainerSummary> = {}): boolean {
  const context = {
    now: new Date(),
    imageId: () => undefined,
    createdAt: (name: string) => new Date(CREATED[name] ?? 0),
    containerId: () => undefined,
    networkName: (name: string) => name,
  };
  return filterPredicate(filters, context)({ ...WEB, ...values });
}

test('ps --filter status: stopped and exited are one', (t) => {
  for (const status of ['stopped', 'exited'] as const) {
    for (const wanted of ['stopped', 'exited']) t.true(matches({ status: [wanted] }, { status }), wanted);
    t.false(matches({ status: ['created', 'running'] }, { status }));
  }
  t.true(matches({ status: ['configured'] }, { status: 'created' }));
});

test('ps --filter restart-policy: what is no policy is refused', (t) => {
  t.true(matches({ 'restart-policy': ['no', 'always'] }));
  t.true(matches({ 'restart-policy': ['none'] }, { restartPolicy: 'no' }));
  t.throws(() => matches({ 'restart-policy': ['bad'] }), {
    code: 'INVALID_ARGUMENT',
    message: 'bad invalid restart policy',
  });
  t.throws(() => matches({ 'restart-policy': ['bad', 'no', 'worse'] }), {
    message: 'bad, worse invalid restart policies',
  });
});

test('ps --filter should-start-on-boot: all words for true and false', (t) => {
  for (const word of ['1', 't', 'T', 'true', 'TRUE', 'True']) t.true(matches({ 'should-start-on-boot': [word] }), word);
  for (const word of ['0', 'f', 'F', 'false', 'FALSE', 'False'])
    t.false(matches({ 'should-start-on-boot': [word] }), word);
  t.throws(() => matches({ 'should-start-on-boot': ['yes'] }), { code: 'INVALID_ARGUMENT' });
});

test('ps --filter command: a regular expression on the first word', (t) => {
  for (const text of ['sl', '^/bin/', 'sleep$', 'x|sle+p']) t.true(matches({ command: [text] }), text);
  for (const text of ['10', '^sleep']) t.false(matches({ command: [text] }), text);
  t.false(matches({ command: ['sleep'] }, { command: [] }));
  t.throws(() => matches({ command: ['('] }), { code: 'INVALID_ARGUMENT' });
});

test('ps --filter: forms of names, ids, labels and moments', (t) => {
  t.true(matches({ name: ['^/web$'] }), 'as Docker has names');
  t.true(matches({ id: ['AB12'] }), 'ids in capitals');
  t.true(matches({ label: ['app='] }), 'any value');
  t.false(matches({ label: ['app=y'] }));
  t.false(matches({ 'label!': ['app='] }));
  t.true(matches({ since: ['late', 'middle'] }), 'since the first of them');
  t.false(matches({ since: ['late'] }));
  t.false(matches({ before: ['late', 'old'] }));
});
