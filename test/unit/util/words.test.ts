import test from 'ava';

import { capabilityMask, capabilityNames, parseCapability } from '../../../src/util/capabilities.js';
import { isCpuList } from '../../../src/util/cpu-list.js';
import { nearestWord } from '../../../src/util/nearest.js';
import { cleanPath, isWithin, parentOf, parentsOf } from '../../../src/util/paths.js';
import { parseSignal, signalName } from '../../../src/util/signals.js';

const signal = test.macro({
  exec: (t, text: string | number, number: number | undefined) => t.is(parseSignal(text), number),
  title: (_, text) => `signal ${JSON.stringify(text)}`,
});

test(signal, 'SIGKILL', 9);
test(signal, 'term', 15);
test(signal, 'KILL', 9);
test(signal, '9', 9);
test(signal, 9, 9);
test(signal, 'RTMIN', 34);
test(signal, 'SIGRTMIN+3', 37);
test(signal, 'rtmax-1', 63);
test(signal, '64', 64);
test(signal, '0', undefined);
test(signal, '65', undefined);
test(signal, 'RTMIN-1', undefined);
test(signal, 'RTMIN+31', undefined);
test(signal, 'SIGNOTHING', undefined);
test(signal, '-9', undefined);
test(signal, '', undefined);

test('signals have names', (t) => {
  t.is(signalName(15), 'SIGTERM');
  t.is(signalName(6), 'SIGABRT');
  t.is(signalName(37), 'SIGRTMIN+3');
});

const cpuList = test.macro({
  exec: (t, text: string, valid: boolean) => t.is(isCpuList(text), valid),
  title: (_, text, valid) => `${JSON.stringify(text)} is ${valid ? 'a' : 'no'} CPU list`,
});

test(cpuList, '0', true);
test(cpuList, '0-2,5', true);
test(cpuList, '', false);
test(cpuList, '2-0', false);
test(cpuList, '1-9223372036854775807', false);
test(cpuList, '0,', false);
test(cpuList, '0-', false);
test(cpuList, 'a', false);
test(cpuList, '-1', false);

test('capabilities are found in any case, with or without CAP_', (t) => {
  t.is(parseCapability('net_admin'), 'CAP_NET_ADMIN');
  t.is(parseCapability('CAP_CHOWN'), 'CAP_CHOWN');
  t.is(parseCapability('cap_bpf'), 'CAP_BPF');
  t.is(parseCapability('root'), undefined);
});

test('a mask has the bit of each capability, above 32 too', (t) => {
  t.is(capabilityMask(['CAP_CHOWN', 'CAP_SETFCAP', 'CAP_CHECKPOINT_RESTORE']), 1n | (1n << 31n) | (1n << 40n));
  t.deepEqual(capabilityNames((1n << 31n) | (1n << 63n)), ['CAP_SETFCAP']);
  t.throws(() => capabilityMask(['CAP_NOTHING']), { instanceOf: RangeError });
});

test('the nearest word is found when it is near', (t) => {
  t.is(nearestWord('readonly', ['readOnly', 'read', 'only']), 'readOnly');
  t.is(nearestWord('memoryByte', ['memoryBytes', 'memorySwapBytes']), 'memoryBytes');
  t.is(nearestWord('xyz', ['readOnly']), undefined);
});

test('paths are cleaned without a look at the file system', (t) => {
  t.is(cleanPath('/a//b/./c/'), '/a/b/c');
  t.is(cleanPath('/a/../../b'), '/b');
  t.is(cleanPath('/'), '/');
  t.is(cleanPath('/a/.b/..c'), '/a/.b/..c');
});

test('a directory holds itself and what is below, not its namesakes', (t) => {
  t.true(isWithin('/a/b', '/a'));
  t.true(isWithin('/a', '/a'));
  t.true(isWithin('/x', '/'));
  t.false(isWithin('/ab', '/a'));
  t.deepEqual(parentsOf('/a/b/c'), ['/a', '/a/b']);
  t.deepEqual(parentsOf('/a'), []);
  t.is(parentOf('/a/b'), '/a');
  t.is(parentOf('/a'), '/');
});
