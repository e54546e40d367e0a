import test from 'ava';

import { detachFilter, parseDetachKeys } from '../../../../src/container/streams/detach-keys.js';

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

/** What passes of the pieces, up to the one that detaches. */
function filtered(keys: string, pieces: readonly string[]): { pass: string; detached: boolean } {
  const filter = detachFilter(parseDetachKeys(keys));
  let pass = '';
  for (const piece of pieces) {
    const result = filter.push(Buffer.from(piece, 'latin1'));
    pass += text(result.pass);
    if (result.detach) return { pass, detached: true };
  }
  return { pass, detached: false };
}

test('detach keys: input without the first key is passed on as it is, not copied', (t) => {
  const input = Buffer.alloc(1024 * 1024, 'x');
  t.is(detachFilter(parseDetachKeys('ctrl-p,ctrl-q')).push(input).pass, input);
});

test('detach keys: the sequence detaches, and what comes before it passes', (t) => {
  t.deepEqual(filtered('ctrl-p,ctrl-q', ['ab\x10\x11cd']), { pass: 'ab', detached: true });
  t.deepEqual(filtered('ctrl-p,ctrl-q', ['ab\x10', '\x11cd']), { pass: 'ab', detached: true });
  t.deepEqual(filtered('q', ['abq']), { pass: 'ab', detached: true });
});

test('detach keys: the beginning of the sequence passes when something else follows', (t) => {
  t.deepEqual(filtered('ctrl-p,ctrl-q', ['a\x10', 'b\x11']), { pass: 'a\x10b\x11', detached: false });
  t.deepEqual(filtered('ctrl-p,ctrl-q', ['\x10\x10\x10', '\x11']), { pass: '\x10\x10', detached: true });
  t.deepEqual(filtered('a,b,c', ['ab', 'ab', 'ad']), { pass: 'ababad', detached: false });
});

test('detach keys: what may begin the sequence is held back until the input ends', (t) => {
  t.deepEqual(filtered('ctrl-p,ctrl-q', ['ab\x10']), { pass: 'ab', detached: false });
  const filter = detachFilter(parseDetachKeys('a,b,c'));
  t.is(text(filter.push(Buffer.from('xab')).pass), 'x');
  t.is(text(filter.end()), 'ab');
});

test('detach keys: without keys nothing detaches', (t) => {
  t.deepEqual(filtered('', ['\x10\x11']), { pass: '\x10\x11', detached: false });
});

test('detach keys: however the input is cut, the same passes', (t) => {
  const input = 'xa\x10\x10y\x10z\x10\x11tail';
  const whole = filtered('ctrl-p,ctrl-q', [input]);
  for (let at = 0; at <= input.length; at++) {
    t.deepEqual(filtered('ctrl-p,ctrl-q', [input.slice(0, at), input.slice(at)]), whole, `cut at ${at}`);
  }
});
