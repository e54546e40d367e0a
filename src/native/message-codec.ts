/** Messages as frames: u32 payload length, u32 type, payload. Pure; the socket is in monitor-connection.ts. */
import { decodeFields } from '../util/wire-decode.js';
import { WireWriter } from '../util/wire-encode.js';
import type { FieldsOf } from '../util/wire.js';
import { MAX_MESSAGE_BYTES, MESSAGES } from './messages.js';

export type MessageName = keyof typeof MESSAGES;

/** The fields of one message. */
export type MessageFields<N extends MessageName> = FieldsOf<(typeof MESSAGES)[N]>;

/** A decoded message: its name and its fields. */
export type Message<N extends MessageName = MessageName> = {
  readonly [K in N]: { readonly name: K } & MessageFields<K>;
}[N];

/** Bytes of a frame before its payload. */
export const FRAME_HEADER_BYTES = 8;

const NAMES_BY_CODE: ReadonlyMap<number, MessageName> = new Map(
  (Object.keys(MESSAGES) as MessageName[]).map((name) => [MESSAGES[name].code, name]),
);

/** Encodes a message as a frame. RangeError if it would be larger than the other side accepts. */
export function encodeMessage<N extends MessageName>(name: N, fields: MessageFields<N>): Uint8Array {
  const writer = new WireWriter(256);
  writer.u32(0);
  writer.u32(MESSAGES[name].code);
  writer.fields(MESSAGES[name], fields);
  const payloadBytes = writer.length - FRAME_HEADER_BYTES;
  if (payloadBytes > MAX_MESSAGE_BYTES) throw new RangeError(`message "${name}" of ${payloadBytes} bytes is too long`);
  writer.patchU32(0, payloadBytes);
  return writer.finish();
}

/** Decodes the message in a frame. RangeError for an unknown type or a malformed payload. */
export function decodeMessage(code: number, payload: Uint8Array): Message {
  const name = NAMES_BY_CODE.get(code);
  if (name === undefined) throw new RangeError(`unknown message type ${code}`);
  return { name, ...decodeFields(MESSAGES[name], payload) } as Message;
}
