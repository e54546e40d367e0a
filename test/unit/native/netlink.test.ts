import test from 'ava';
import { macBytes, requireLinkName, requireMtu } from '../../../src/native/netlink/link-attributes.js';
import { decodeLink, ifInfo } from '../../../src/native/netlink/link-decode.js';
import {
  attribute,
  attributeList,
  nestedAttribute,
  NLM_F,
  parseAnswer,
  parseAttributes,
  request,
  RTM,
  text,
  textAttribute,
  u32Attribute,
} from '../../../src/native/netlink/message.js';

const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;

/** An error message as the kernel sends it for a refused request of 16 bytes. */
function refusal(errno: number, flags: number, rest: readonly Uint8Array[] = []): Buffer {
  const code = Buffer.alloc(4);
  code.writeInt32LE(-errno, 0);
  return request(NLMSG_ERROR, flags, [code, request(RTM.getLink, 0, []), ...rest]);
}

test('a request is a header, a structure and padded attributes', (t) => {
  const bytes = request(RTM.newLink, NLM_F.create, [textAttribute(3, 'ab'), u32Attribute(4, 1500)]);
  t.is(
    bytes.toString('hex'),
    '20000000' + '1000' + '0104' + '01000000' + '00000000' + '07000300' + '61620000' + '08000400' + 'dc050000',
  );
});

test('attributes are found again, nested ones within theirs', (t) => {
  const outer = parseAttributes(
    Buffer.concat([textAttribute(3, 'veth0'), nestedAttribute(18, [textAttribute(1, 'veth')])]),
  );
  t.is(text(outer.get(3)!), 'veth0');
  t.is(text(parseAttributes(outer.get(18)!).get(1)!), 'veth');
});

for (const hex of ['0300', '03000100', '09000100aabbccdd', '00000000']) {
  test(`the attribute ${hex} is refused or ends the list`, (t) => {
    const bytes = Buffer.from(hex, 'hex');
    if (bytes.length < 4) t.is(parseAttributes(bytes).size, 0);
    else t.throws(() => parseAttributes(bytes), { instanceOf: RangeError });
  });
}

test('an attribute that is longer than its length field can say is refused', (t) => {
  t.throws(() => attribute(1, new Uint8Array(65_535)), { instanceOf: RangeError });
});

test('an acknowledgement is no refusal', (t) => {
  t.is(parseAnswer(refusal(0, 0x100)).refusal, undefined);
});

test('a refusal has a number, and the words of the kernel where it has any', (t) => {
  t.deepEqual(parseAnswer(refusal(17, 0x100)).refusal, { errno: 17, words: undefined });
  const withWords = refusal(22, 0x100 | 0x200, [textAttribute(1, 'Invalid name')]);
  t.deepEqual(parseAnswer(withWords).refusal, { errno: 22, words: 'Invalid name' });
});

test('the end of a dump may be a refusal', (t) => {
  const code = Buffer.alloc(4);
  code.writeInt32LE(-1, 0);
  t.is(parseAnswer(request(NLMSG_DONE, 0, [code])).refusal?.errno, 1);
  t.is(parseAnswer(request(NLMSG_DONE, 0, [Buffer.alloc(4)])).refusal, undefined);
});

test('a dump that was interrupted says so', (t) => {
  const answer = parseAnswer(
    Buffer.concat([request(RTM.newLink, NLM_F.dumpInterrupted, [ifInfo()]), request(NLMSG_DONE, 0, [])]),
  );
  t.true(answer.interrupted);
  t.is(answer.messages.length, 1);
});

test('a message that is longer than what came is refused', (t) => {
  const bytes = request(RTM.newLink, 0, [ifInfo()]);
  t.throws(() => parseAnswer(bytes.subarray(0, 20)), { instanceOf: RangeError });
});

test('a link is read from its message', (t) => {
  const body = Buffer.concat([
    ifInfo({ index: 7, flags: 0x10001 }),
    textAttribute(3, 'v0'),
    u32Attribute(4, 1400),
    attribute(1, macBytes('02:00:00:00:00:0a')),
    u32Attribute(5, 9),
    nestedAttribute(18, [textAttribute(1, 'veth')]),
  ]);
  t.like(decodeLink(body), {
    index: 7,
    name: 'v0',
    kind: 'veth',
    up: true,
    carrier: true,
    loopback: false,
    mtu: 1400,
    macAddress: '02:00:00:00:00:0a',
    masterIndex: undefined,
    peerIndex: 9,
  });
});

for (const name of ['', '.', '..', 'a/b', 'a b', 'a:b', 'sixteen-bytes-xx', 'ä'.repeat(8), 'a\0']) {
  test(`${JSON.stringify(name)} is no name of an interface`, (t) => {
    t.throws(() => requireLinkName(name), { instanceOf: TypeError });
  });
}
for (const name of ['a', 'eth0', 'fifteen-bytes-x', 'v@1', 'ä'.repeat(7)]) {
  test(`${name} is a name of an interface`, (t) => t.is(requireLinkName(name), name));
}

test('MAC addresses and MTUs are checked', (t) => {
  t.throws(() => macBytes('02:00:00:00:00'), { instanceOf: TypeError });
  t.throws(() => macBytes('02:00:00:00:00:0g'), { instanceOf: TypeError });
  t.throws(() => requireMtu(0), { instanceOf: TypeError });
  t.throws(() => requireMtu(1.5), { instanceOf: TypeError });
});

test('attributes of one type are all in the list', (t) => {
  const bytes = Buffer.concat([textAttribute(1, 'a'), u32Attribute(1, 7)]);
  t.deepEqual(
    attributeList(bytes).map(({ type, value }) => [type, value.toString('hex')]),
    [
      [1, '6100'],
      [1, '07000000'],
    ],
  );
});
