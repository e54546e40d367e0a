import { closeSync, openSync } from 'node:fs';
import test from 'ava';

import { makeTerminalRaw, restoreTerminal } from '../../../src/native/terminal.js';

test('what is no terminal has no settings', (t) => {
  const file = openSync('/dev/null', 'r');
  t.teardown(() => closeSync(file));
  t.throws(() => makeTerminalRaw(file), { name: 'NativeError', code: 'ENOTTY' });
});

test('a terminal becomes raw, and is put back as it was', (t) => {
  // of a master whose slave nobody has opened, these are the settings of the slave
  const terminal = openSync('/dev/ptmx', 'r+');
  t.teardown(() => closeSync(terminal));
  const before = makeTerminalRaw(terminal);
  const raw = makeTerminalRaw(terminal);
  t.notDeepEqual(raw, before);
  t.deepEqual(makeTerminalRaw(terminal), raw);
  restoreTerminal(terminal, before);
  t.deepEqual(makeTerminalRaw(terminal), before);
});
