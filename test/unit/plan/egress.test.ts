/** Rules about what a container may reach, and what the kernel says they have counted. */
import test from 'ava';
import { decodeRule } from '../../../src/native/netlink/nftables/rules.js';
import { egressCounts, egressRules } from '../../../src/plan/network/egress.js';
import { parseEgressRule } from '../../../src/spec/network/egress.js';

const LIST = {
  allow: [
    { destination: '192.0.2.1/32', port: 443, rule: 'two.example:443' },
    { destination: '2001:db8::1/128', port: 443, rule: 'two.example:443' },
  ],
  deny: [{ destination: '198.51.100.0/24', port: 0, rule: '198.51.100.0/24' }],
  rest: 'deny',
} as const;

/** As the kernel lists what it was told. */
function listed() {
  return egressRules(LIST)
    .filter(({ words }) => words.startsWith('add a rule'))
    .map(({ bytes }) => decodeRule(bytes.subarray(16)));
}

test('a rule is read back with its comment, its verdict and its counter', (t) => {
  const counting = listed().filter(({ counter }) => counter !== undefined);
  t.deepEqual(
    counting.map(({ comment, verdict }) => [comment, verdict]),
    [
      ['198.51.100.0/24', 'drop'],
      ['two.example:443', 'accept'],
      ['two.example:443', 'accept'],
      ['two.example:443', 'accept'],
      ['two.example:443', 'accept'],
      ['everything else', 'drop'],
    ],
  );
  t.deepEqual(counting[0]?.counter, { packets: 0, bytes: 0 });
});

test('what a given rule has counted is the sum of the rules that it took, by what they decide', (t) => {
  const config = {
    allow: [parseEgressRule('two.example:443')],
    deny: [parseEgressRule('198.51.100.0/24'), parseEgressRule('two.example:443')],
  };
  const rules = listed().map((rule, index) =>
    rule.counter === undefined ? rule : { ...rule, counter: { packets: 1, bytes: index } },
  );
  const counts = egressCounts(config, rules);
  t.deepEqual(
    counts.map(({ rule, action, packets }) => [rule, action, packets]),
    [
      ['198.51.100.0/24', 'deny', 1],
      ['two.example:443', 'deny', 0],
      ['two.example:443', 'allow', 4],
      ['everything else', 'deny', 1],
    ],
  );
});

test('a list that only denies has nothing to say of the rest; rules that are gone have counted nothing', (t) => {
  t.deepEqual(egressCounts({ allow: [], deny: [parseEgressRule('192.0.2.1')] }, []), [
    { rule: '192.0.2.1', action: 'deny', packets: 0, bytes: 0 },
  ]);
});

for (const length of [3, 5, 11]) {
  test(`a rule that is cut off after ${length} bytes is refused or has nothing`, (t) => {
    const bytes = egressRules(LIST)
      .at(-1)!
      .bytes.subarray(16, 16 + length);
    try {
      t.is(decodeRule(bytes).comment, '');
    } catch (error) {
      t.true(error instanceof RangeError);
    }
  });
}
