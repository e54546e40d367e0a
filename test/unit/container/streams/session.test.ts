import { PassThrough, Writable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';

import test from 'ava';

import { Session, type SessionParts } from '../../../../src/container/streams/session.js';
import type { AttachOptions } from '../../../../src/container/api/container.js';
import type { MonitorConnection, MonitorMessage } from '../../../../src/native/monitor-connection.js';

interface Conversation {
  readonly session: Session;
  readonly stdin: PassThrough;
  /** What has been sent: names, and input as it is. */
  readonly sent: string[];
  /** The other side closes the connection. */
  readonly hangUp: () => void;
}

function converse(parts: Pick<SessionParts, 'launches'>, more: AttachOptions = {}): Conversation {
  const sent: string[] = [];
  let close: () => void = () => undefined;
  const closed = new Promise<void>((resolve) => (close = resolve));
  const connection = {
    send: (name: string, fields: { readonly data?: Uint8Array }) => {
      sent.push(fields.data === undefined ? name : Buffer.from(fields.data).toString('latin1'));
    },
    drained: () => Promise.resolve(),
    pause: () => sent.push('(paused)'),
    resume: () => sent.push('(resumed)'),
    closed,
    close: () => {
      sent.push('(closed)');
      close();
    },
  } as unknown as MonitorConnection;
  const stdin = new PassThrough();
  const session = new Session({ connection, options: { stdin, ...more }, hasStdin: true, ...parts });
  return { session, stdin, sent, hangUp: () => close() };
}

const attached = (terminal: boolean): MonitorMessage => ({ name: 'attached', terminal: Number(terminal) });
const started: MonitorMessage = { name: 'started', pid: 1, startTime: 1n, startedNs: 1n };

test('session: a launch is answered before input is taken, and keys in it leave without hanging up', async (t) => {
  const { session, stdin, sent } = converse({ launches: true });
  stdin.write('abc\x10\x11');
  session.take(attached(true));
  await turn();
  t.deepEqual(sent, ['attach']);
  session.take(started);
  t.deepEqual(await session.ended, { reason: 'detached' });
  t.deepEqual(sent, ['attach', 'abc', 'attach', '(closed)']);
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
  const keys = converse({}, { detachKeys: 'ctrl-p,ctrl-q' });
  keys.stdin.write('\x10\x11');
  keys.session.take(attached(false));
  t.deepEqual(await keys.session.ended, { reason: 'detached' });
  t.deepEqual(data.sent, ['attach', '\x10\x11']);
});

/** A stream that takes a byte and never gives it to anybody. */
const stuck = () => new Writable({ highWaterMark: 1, write: () => undefined });
const output: MonitorMessage = { name: 'stdout', data: Buffer.from('x') };

test('session: a reader that goes without an error holds nobody back', async (t) => {
  const stdout = stuck();
  const { session, sent } = converse({}, { stdout });
  session.take(output);
  stdout.destroy();
  await turn();
  t.deepEqual(sent, ['attach', '(paused)', '(resumed)']);
});

test('session: who leaves does not wait for a reader', async (t) => {
  const detached = converse({}, { stdout: stuck() });
  detached.session.take(output);
  detached.session.detach();
  t.deepEqual(await detached.session.ended, { reason: 'detached' });
  const abort = new AbortController();
  const aborted = converse({}, { stdout: stuck(), signal: abort.signal });
  aborted.session.take(output);
  abort.abort();
  await t.throwsAsync(aborted.session.ended, { code: 'ABORTED' });
});

test('session: who leaves as the last output is waited for does not wait either', async (t) => {
  const { session, hangUp } = converse({}, { stdout: stuck() });
  session.take(output);
  hangUp();
  await turn();
  session.detach();
  t.deepEqual(await session.ended, { reason: 'detached' });
});
