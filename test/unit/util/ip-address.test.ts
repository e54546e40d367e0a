import test from 'ava';
import { formatIp, parseIp, parseIpPrefix } from '../../../src/util/ip-address.js';

const isWritten = test.macro({
  exec(t, text: string, usual: string) {
    const bytes = parseIp(text);
    t.truthy(bytes);
    t.is(formatIp(bytes!), usual);
  },
  title: (_, text: string) => `the address ${text} is understood`,
});
test(isWritten, '192.0.2.1', '192.0.2.1');
test(isWritten, '0.0.0.0', '0.0.0.0');
test(isWritten, '::', '::');
test(isWritten, '::1', '::1');
test(isWritten, '2001:db8::', '2001:db8::');
test(isWritten, '2001:0DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1');
test(isWritten, '2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1');
test(isWritten, '1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8');
test(isWritten, '::ffff:192.0.2.1', '::ffff:c000:201');
test(isWritten, '1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0');

const isRefused = test.macro({
  exec: (t, text: string) => t.is(parseIp(text), undefined),
  title: (_, text: string) => `"${text}" is no address`,
});
for (const text of [
  '',
  '1.2.3',
  '1.2.3.256',
  '01.2.3.4',
  '1.2.3.4.5',
  ':',
  ':::',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8:9',
]) {
  test(isRefused, text);
}
for (const text of [
  '1::2::3',
  '12345::',
  'g::',
  '1:2:3:4:5:6:7:8::',
  '::1.2.3',
  'fe80::1%eth0',
  '1:2:3:4:5:6:7::8:9',
  '::1.2.3.4:5',
]) {
  test(isRefused, text);
}

test('a prefix has a length, by default that of one address', (t) => {
  t.is(parseIpPrefix('192.0.2.0/24')?.length, 24);
  t.is(parseIpPrefix('192.0.2.1')?.length, 32);
  t.is(parseIpPrefix('::/0')?.length, 0);
  t.is(parseIpPrefix('::1')?.length, 128);
});

for (const text of ['192.0.2.0/33', '192.0.2.0/', '192.0.2.0/024', '192.0.2.0/-1', '192.0.2.0/24/8', '::/129', '/8']) {
  test(`"${text}" is no prefix`, (t) => t.is(parseIpPrefix(text), undefined));
}

test('bytes that are no address are refused', (t) => {
  t.throws(() => formatIp(new Uint8Array(5)), { instanceOf: RangeError });
});
