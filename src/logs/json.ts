/**
 * The json-file format, one record per line:
 * `{"log":"content\n","stream":"stdout","time":"2006-01-02T15:04:05.123456789Z"}`. The part after the content has a
 * fixed length. Bytes that are not valid UTF-8 are stored as lone low surrogates `\udcNN`.
 */
import type { RecordParser } from './record.js';

const HEAD = Buffer.from('{"log":"');
/** Offsets from the end of the record. */
const TIME_FROM_END = Buffer.byteLength('2006-01-02T15:04:05.123456789Z"}');
const STREAM_LETTER_FROM_END = Buffer.byteLength('out","time":"2006-01-02T15:04:05.123456789Z"}');
const TAIL = Buffer.byteLength('","stream":"stdout","time":"2006-01-02T15:04:05.123456789Z"}');
const MIDDLE = Buffer.from('","stream":"std');

const BACKSLASH = 0x5c;
const LETTER_N = 0x6e;
const LETTER_O = 0x6f;

export const parseJson: RecordParser = (block, start, end, view) => {
  const contentStart = start + HEAD.length;
  const contentEnd = end - TAIL;
  if (contentEnd < contentStart || !holds(block, HEAD, start) || !holds(block, MIDDLE, contentEnd)) return false;
  view.stdout = block[end - STREAM_LETTER_FROM_END] === LETTER_O;
  view.timeStart = end - TIME_FROM_END;
  view.content = undefined;
  view.start = contentStart;
  view.end = contentEnd;
  const escape = block.indexOf(BACKSLASH, contentStart);
  if (escape === -1 || escape >= contentEnd) {
    view.full = false;
  } else if (escape === contentEnd - 2 && block[escape + 1] === LETTER_N) {
    view.full = true;
    view.end = escape;
  } else {
    const content = decode(block.toString('utf8', contentStart, contentEnd));
    view.full = content.at(-1) === 0x0a;
    view.content = content;
    view.start = 0;
    view.end = view.full ? content.length - 1 : content.length;
  }
  return true;
};

function holds(block: Buffer, text: Buffer, at: number): boolean {
  return block.compare(text, 0, text.length, at, at + text.length) === 0;
}

/** Returns the bytes of an escaped text; a damaged text is taken literally. */
function decode(escaped: string): Buffer {
  const text = unescape(escaped);
  if (!/[\udc80-\udcff]/.test(text)) return Buffer.from(text, 'utf8');
  // A low surrogate that does not follow a high one stands for a byte; a pair is a character.
  const parts = text.split(/((?<![\ud800-\udbff])[\udc80-\udcff])/);
  return Buffer.concat(
    parts.map((part, i) => (i % 2 === 1 ? Buffer.of(part.charCodeAt(0) & 0xff) : Buffer.from(part, 'utf8'))),
  );
}

function unescape(escaped: string): string {
  try {
    return JSON.parse(`"${escaped}"`) as string;
  } catch {
    return escaped;
  }
}
