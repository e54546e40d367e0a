/** What the test runner makes of TAP: a miscount here would hide failures. */
import test, { type ExecutionContext } from 'ava';

interface Result {
  readonly name: string;
  readonly outcome: string;
  readonly detail?: string;
}
interface TapReader {
  line(line: string): void;
  results(): readonly Result[];
}
const { createTapReader } = (await import(new URL('../../../../scripts/testing/tap.mjs', import.meta.url).href)) as {
  createTapReader: (options: { onResult: (result: Result) => void; onLog: (text: string) => void }) => TapReader;
};

function reads(t: ExecutionContext, lines: readonly string[], expected: readonly Result[]): void {
  const shown: string[] = [];
  const reader = createTapReader({ onResult: ({ name }) => shown.push(name), onLog: (text) => shown.push(text) });
  for (const line of lines) reader.line(line);
  t.deepEqual(reader.results(), expected);
  t.deepEqual(
    shown,
    expected.map(({ name }) => name),
  );
}

test('counts a pass', reads, ['TAP version 13', 'ok 1 - a › b', '1..1'], [{ name: 'a › b', outcome: 'passed' }]);
test(
  'keeps what ava says of a failure',
  reads,
  ['not ok 1 - a', '  ---', '    name: X', '  ...', '# fail 1'],
  [{ name: 'a', outcome: 'failed', detail: '    name: X\n' }],
);
test(
  'keeps what a C++ test said before its line',
  reads,
  ['  # x.cc:1: no', 'not ok 1 - a', 'ok 2 - b'],
  [
    { name: 'a', outcome: 'failed', detail: '  # x.cc:1: no\n' },
    { name: 'b', outcome: 'passed' },
  ],
);
test(
  'counts a skip with its reason',
  reads,
  ['ok 1 - a # SKIP no root'],
  [{ name: 'a', outcome: 'skipped', detail: 'no root' }],
);
test(
  'counts a skip in the code',
  reads,
  ['ok 1 - a # SKIP'],
  [{ name: 'a', outcome: 'skipped', detail: 'marked as skipped in the code' }],
);
test('takes an unfinished test for a failure', reads, ['not ok 1 - a # TODO'], [{ name: 'a', outcome: 'failed' }]);
test('does not take output for results', reads, ['# ok 1 - a', ' ok 2 - b', 'okay 3 - c'], []);

test('tells each test as it ends, and then what it has logged', (t) => {
  const shown: string[] = [];
  const reader = createTapReader({
    onResult: ({ name, outcome }) => shown.push(`${outcome} ${name}`),
    onLog: (text) => shown.push(text),
  });
  for (const line of ['ok 1 - a', '#   12 calls', '#   seed 7', 'not ok 2 - b']) reader.line(line);
  t.deepEqual(shown, ['passed a', '12 calls', 'seed 7', 'failed b']);
});
