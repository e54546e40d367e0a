import { writeFileSync } from 'node:fs';
import test from 'ava';

import { defaultDirectories, resolveDirectories } from '../../../src/host/directories.js';
import { deviceNumbers, listDeviceNodes, readDeviceNode } from '../../../src/host/device-nodes.js';
import { isInitialUserNamespace, parseLimits, statusCapabilities } from '../../../src/host/proc-self.js';
import { readHostFacts } from '../../../src/host/read-facts.js';
import { temporaryDirectory } from '../../helpers/temp.js';

test('this machine has facts', (t) => {
  const facts = readHostFacts();
  t.regex(facts.bootId, /^[0-9a-f-]{36}$/);
  t.is(facts.uid, process.geteuid?.() ?? -1);
  t.true(facts.mounts.some(({ target }) => target === '/'));
  t.true(facts.namespaces.has('mnt'));
  t.is(typeof facts.limits['nofile']?.hard, 'number');
  t.true(facts.lowestOomScoreAdj >= -1000);
});

test('limits are read by name', (t) => {
  const text = `Limit                     Soft Limit           Hard Limit           Units
Max cpu time              unlimited            unlimited            seconds
Max open files            1024                 524288               files
Max nice priority         0                    0
`;
  t.deepEqual(parseLimits(text), {
    cpu: { soft: 'unlimited', hard: 'unlimited' },
    nofile: { soft: 1024, hard: 524288 },
    nice: { soft: 0, hard: 0 },
  });
});

test('capabilities are read from the status', (t) => {
  const status = 'Name:\tx\nCapEff:\t0000000000000001\nCapBnd:\t000001ffffffffff\n';
  t.deepEqual([...statusCapabilities(status, 'CapEff')], ['CAP_CHOWN']);
  t.is(statusCapabilities(status, 'CapBnd').size, 41);
  t.is(statusCapabilities('', 'CapBnd').size, 0);
});

test('only the whole identity map is the initial user namespace', (t) => {
  t.true(isInitialUserNamespace('         0          0 4294967295\n'));
  t.false(isInitialUserNamespace('0 100000 65536\n'));
  t.false(isInitialUserNamespace('0 0 4294967295\n1 1 1\n'));
});

test('directories: options, then the environment, then defaults by user', (t) => {
  t.deepEqual(defaultDirectories(0, {}), { root: '/var/lib/tspod', runRoot: '/run/tspod' });
  t.deepEqual(defaultDirectories(5, { HOME: '/home/a' }), {
    root: '/home/a/.local/share/tspod',
    runRoot: '/run/user/5/tspod',
  });
  t.deepEqual(resolveDirectories({ runRoot: '/r//x/' }, 0, { TSPOD_ROOT: '/store' }), {
    root: '/store',
    runRoot: '/r/x',
  });
  t.throws(() => resolveDirectories({ root: 'relative' }, 0, {}), { message: /absolute path, not "relative"/ });
});

test('device numbers are taken apart as makedev puts them together', (t) => {
  t.deepEqual(deviceNumbers(0x103), { major: 1, minor: 3 });
  // 259:1048575, an NVMe partition far up.
  t.deepEqual(deviceNumbers(Number((259n << 8n) | 0xffn | (0xfff00n << 12n))), { major: 259, minor: 1048575 });
});

test('device nodes of this machine', (t) => {
  t.like(readDeviceNode('/dev/null'), { path: '/dev/null', type: 'c', major: 1, minor: 3 });
  const directory = temporaryDirectory(t);
  writeFileSync(`${directory}/file`, '');
  t.is(readDeviceNode(`${directory}/file`), undefined);
  t.deepEqual(listDeviceNodes(directory), []);
  t.true(listDeviceNodes('/dev').some(({ path }) => path === '/dev/null'));
  t.false(listDeviceNodes('/dev').some(({ path }) => path.startsWith('/dev/pts/')));
});
