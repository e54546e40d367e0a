/** What `events` prints of an event, as a line and as JSON. */
import test from 'ava';

import { eventJson, eventLine } from '../../../../src/cli/rows/event.js';
import type { EngineEvent } from '../../../../src/engine/events.js';

const ID = '0123456789abcdef'.repeat(4);

function event(fields: Partial<EngineEvent>): EngineEvent {
  const time = new Date('2026-01-02T03:04:05Z');
  return {
    time,
    timeUs: time.getTime() * 1000,
    type: 'container',
    status: 'start',
    id: ID,
    name: 'web',
    image: 'host:',
    attributes: {},
    ...fields,
  };
}

const lines = test.macro({
  exec: (t, fields: Partial<EngineEvent>, expected: string) => {
    t.is(eventLine(event(fields), { truncate: true }), `2026-01-02 03:04:05 +0000 UTC ${expected}\n`);
  },
  title: (_, { type, status }: Partial<EngineEvent>) =>
    `events: the line of ${type ?? 'container'} ${status ?? 'start'}`,
});

test(
  lines,
  { attributes: { b: '1', a: '2', network: 'label' } },
  'container start 0123456789ab (image=host:, name=web, a=2, b=1, network=label)',
);
test(
  lines,
  { type: 'network', status: 'connect', image: '', attributes: { network: 'n6' } },
  'network connect 0123456789ab (container=0123456789ab, name=n6)',
);
test(lines, { type: 'volume', status: 'create', id: '', name: 'data', image: '' }, 'volume create data');

test('events: JSON names the network that a container was put on, not a label', (t) => {
  const attributes = { network: 'n6' };
  t.like(eventJson(event({ type: 'network', status: 'connect', attributes })), { ID, Name: 'web', network: 'n6' });
  t.false('network' in eventJson(event({ attributes })));
});
