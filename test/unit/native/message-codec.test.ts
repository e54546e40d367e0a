import test from 'ava';
import { decodeMessage, encodeMessage, FRAME_HEADER_BYTES, type Message } from '../../../src/native/message-codec.js';
import { FrameSplitter } from '../../../src/native/frame-splitter.js';
import { MAX_MESSAGE_BYTES, MESSAGES } from '../../../src/native/messages.js';

const FRAMES = [
  encodeMessage('start', {}),
  encodeMessage('failed', { step: 14, errno: 1, detail: 'mount proc on /proc' }),
  encodeMessage('stdout', { data: Buffer.alloc(70_000, 'x') }),
  encodeMessage('exited', { code: 3, signal: 0, oomKilled: 0, timedOut: 0, startedNs: 1n, finishedNs: 2n }),
  encodeMessage('stopping', {}),
];
const STREAM = Buffer.concat(FRAMES);

function split(chunkBytes: number): Message[] {
  const seen: Message[] = [];
  const splitter = new FrameSplitter((code, payload) => seen.push(decodeMessage(code, Uint8Array.from(payload))));
  for (let start = 0; start < STREAM.length; start += chunkBytes) {
    splitter.push(STREAM.subarray(start, start + chunkBytes));
  }
  return seen;
}

const survives = test.macro((t, chunkBytes: number) => {
  const seen = split(chunkBytes);
  t.deepEqual(
    seen.map((message) => message.name),
    ['start', 'failed', 'stdout', 'exited', 'stopping'],
  );
  const failed = seen[1] as Message<'failed'>;
  t.like(failed, { step: 14, errno: 1, detail: 'mount proc on /proc' });
  t.true(Buffer.from((seen[2] as Message<'stdout'>).data).equals(Buffer.alloc(70_000, 'x')));
});
for (const chunkBytes of [1, 2, 3, 7, 8, 9, 13, 4096, 65_536, STREAM.length]) {
  test(`frames are found in chunks of ${chunkBytes} bytes`, survives, chunkBytes);
}

test('a stream that ends inside a frame is noticed', (t) => {
  const splitter = new FrameSplitter(() => t.fail());
  splitter.push(STREAM.subarray(0, 3));
  t.true(splitter.midFrame);
});

test('a stream that ends between frames is whole', (t) => {
  const splitter = new FrameSplitter(() => t.pass());
  for (const byte of STREAM) splitter.push(Uint8Array.of(byte));
  t.false(splitter.midFrame);
});

test('a frame that is longer than allowed is refused at its header', (t) => {
  const header = Buffer.alloc(FRAME_HEADER_BYTES);
  header.writeUInt32LE(MAX_MESSAGE_BYTES + 1, 0);
  t.throws(() => new FrameSplitter(() => {}).push(header), { instanceOf: RangeError });
  const splitter = new FrameSplitter(() => {});
  t.throws(() => header.forEach((byte) => splitter.push(Uint8Array.of(byte))), { instanceOf: RangeError });
});

test('a message that is longer than allowed is not sent', (t) => {
  t.throws(() => encodeMessage('stdin', { data: Buffer.alloc(MAX_MESSAGE_BYTES) }), { instanceOf: RangeError });
});

test('an unknown message type is refused', (t) => {
  t.throws(() => decodeMessage(9999, new Uint8Array()), { message: 'unknown message type 9999' });
});

test('message codes are unique', (t) => {
  const codes = Object.values(MESSAGES).map((message) => message.code);
  t.is(new Set(codes).size, codes.length);
});
