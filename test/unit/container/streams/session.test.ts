import { PassThrough } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';

import test from 'ava';

import { Session, type SessionParts } from '../../../../src/container/streams/session.js';
import type { MonitorConnection, MonitorMessage } from '../../../../src/native/monitor-connection.js';

interface Conversation {
  readonly session: Session;
  readonly stdin: PassThrough;
  /** What has been sent: names, and input as it is. */
  readonly sent: string[];
}

function converse(parts: Pick<SessionParts, 'launches'>, detachKeys?: string): Conversation {
  const sent: string[] = [];
  let close: () => void = () => undefined;
  const closed = new Promise<void>((resolve) => (close = resolve));
  const connection = {
    send: (name: string, fields: { readonly data?: Uint8Array }) => {
      sent.push(fields.data === undefined ? name : Buffer.from(fields.data).toString('latin1'));
    },
    drained: () => Promise.resolve(),
    closed,
    close: () => {
      sent.push('(closed)');
      close();
    },
  } as unknown as MonitorConnection;
  const stdin = new PassThrough();
  const options = { stdin, ...(detachKeys === undefined ? {} : { detachKeys }) };
  return { session: new Session({ connection, options, hasStdin: true, ...parts }), stdin, sent };
}

const attached = (terminal: boolean): MonitorMessage => ({ name: 'attached', terminal: Number(terminal) });
const started: MonitorMessage = { name: 'started', pid: 1, startTime: 1n, startedNs: 1n };

test('session: a launch is answered before input is taken, and keys in it hang up', async (t) => {
  const { session, stdin, sent } = converse({ launches: true });
  stdin.write('abc\x10\x11');
  session.take(attached(true));
  await turn();
  t.deepEqual(sent, ['attach']);
  session.take(started);
  t.deepEqual(await session.ended, { reason: 'detached' });
  t.deepEqual(sent, ['attach', 'abc', '(closed)']);
});

test('session: the input of what runs is taken at once, and not again when it is launched again', async (t) => {
  const { session, stdin, sent } = converse({});
  stdin.write('abc');
  session.take(attached(true));
  await turn();
  session.take(started);
  stdin.end('d\x10');
  await turn();
  await turn();
  t.deepEqual(sent, ['attach', 'abc', 'd', '\x10', 'stdinEnd']);
});

test('session: without a terminal the default keys are input, and others are keys', async (t) => {
  const data = converse({});
  data.stdin.write('\x10\x11');
  data.session.take(attached(false));
  const keys = converse({}, 'ctrl-p,ctrl-q');
  keys.stdin.write('\x10\x11');
  keys.session.take(attached(false));
  t.deepEqual(await keys.session.ended, { reason: 'detached' });
  t.deepEqual(data.sent, ['attach', '\x10\x11']);
});
