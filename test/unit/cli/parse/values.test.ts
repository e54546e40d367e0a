import test from 'ava';

import { splitCommas } from '../../../../src/cli/parse/csv.js';
import { parseDuration, parseInterval } from '../../../../src/cli/parse/duration.js';
import { parseFilters } from '../../../../src/cli/parse/filters.js';
import {
  parseDeviceOperations,
  parseDeviceRate,
  parseDeviceWeight,
  parseRestart,
  parseUlimits,
} from '../../../../src/cli/parse/limits.js';
import { parseLogOptions } from '../../../../src/cli/parse/log.js';
import { parseMomentFlag } from '../../../../src/cli/parse/moment.js';
import { parseIpc, parseNamespace } from '../../../../src/cli/parse/namespaces.js';
import { parseNetworks } from '../../../../src/cli/parse/networks.js';
import { parseSecurityOptions } from '../../../../src/cli/parse/security.js';
import { parseNamedSize, parseSize, parseSizeOrUnlimited } from '../../../../src/cli/parse/size.js';
import { fakeCaller } from '../caller.js';

type Parse = (text: string) => unknown;

const reads = test.macro<[Parse, string, unknown]>({
  exec: (t, parse, text, expected) => t.deepEqual(parse(text), expected),
  title: (what = '', _, text) => `${what}: reads ${JSON.stringify(text)}`,
});

const refuses = test.macro<[Parse, string, string]>({
  exec: (t, parse, text, message) => {
    t.is(t.throws(() => parse(text))?.message, message);
  },
  title: (what = '', _, text) => `${what}: refuses ${JSON.stringify(text)}`,
});

test('size', reads, parseSize, '10', 10);
test('size', reads, parseSize, '10b', 10);
test('size', reads, parseSize, '10k', 10240);
test('size', reads, parseSize, '10K', 10240);
test('size', reads, parseSize, '10kb', 10240);
test('size', reads, parseSize, '10KiB', 10240);
test('size', reads, parseSize, '64m', 64 * 1024 ** 2);
test('size', reads, parseSize, '1.5g', 1.5 * 1024 ** 3);
test('size', reads, parseSize, '1 t', 1024 ** 4);
test('size', reads, parseSize, '0', 0);
for (const text of ['', 'm', '10x', '-1', '1..5m', '10mm', ' 10', '10m ', '1e3', '99999999999p']) {
  test('size', refuses, parseSize, text, `invalid size: '${text}'`);
}
test(
  'named size',
  refuses,
  (text) => parseNamedSize('memory', text),
  '10x',
  "invalid value for memory: invalid size: '10x'",
);
test('size or unlimited', reads, (text) => parseSizeOrUnlimited('memory-swap', text), '-1', -1);
test('size or unlimited', reads, (text) => parseSizeOrUnlimited('memory-swap', text), '1k', 1024);
test(
  'size or unlimited',
  refuses,
  (text) => parseSizeOrUnlimited('memory-swap', text),
  '-2',
  "invalid value for memory-swap: invalid size: '-2'",
);

test('duration', reads, parseDuration, '1s', 1000);
test('duration', reads, parseDuration, '1.5s', 1500);
test('duration', reads, parseDuration, '1h2m3s', 3_723_000);
test('duration', reads, parseDuration, '250ms', 250);
test('duration', reads, parseDuration, '-1m', -60_000);
test('duration', reads, parseDuration, '+1m', 60_000);
test('duration', reads, parseDuration, '0', 0);
test('duration', reads, parseDuration, '.5s', 500);
test('duration', refuses, parseDuration, 'abc', 'time: invalid duration "abc"');
test('duration', refuses, parseDuration, '', 'time: invalid duration ""');
test('duration', refuses, parseDuration, '10', 'time: missing unit in duration "10"');
test('duration', refuses, parseDuration, '10x', 'time: unknown unit "x" in duration "10x"');
test('duration', refuses, parseDuration, '1s2', 'time: missing unit in duration "1s2"');
test('interval', reads, parseInterval, '500', 500);
test('interval', reads, parseInterval, '5s', 5000);
test('interval', refuses, parseInterval, '-5s', 'negative duration "-5s"');

const NOW = new Date('2024-06-01T12:00:00Z');
const moment = (text: string): string => parseMomentFlag('--since', text, NOW).toISOString();
test('moment', reads, moment, '10m', '2024-06-01T11:50:00.000Z');
test(
  'moment that ends',
  reads,
  (text) => parseMomentFlag('--until', text, NOW).toISOString(),
  '10m',
  '2024-06-01T12:10:00.000Z',
);
test('moment', refuses, moment, 'foo', 'parsing --since "foo": unable to interpret time value');
test('moment', refuses, moment, '', 'parsing --since "": unable to interpret time value');
test('list', reads, splitCommas, 'a,b', ['a', 'b']);
test('list', reads, splitCommas, 'a,,b', ['a', '', 'b']);
test('list', reads, splitCommas, '"a,b",c', ['a,b', 'c']);
test('list', reads, splitCommas, '"a ""b""",c', ['a "b"', 'c']);
test('list', refuses, splitCommas, 'a"b', 'parse error on line 1, column 2: bare " in non-quoted field');
test('list', refuses, splitCommas, '"a', 'parse error on line 1: extraneous or missing " in quoted-field');
test('list', refuses, splitCommas, '"a"b', 'parse error on line 1: extraneous or missing " in quoted-field');

const ulimit = (text: string): unknown => parseUlimits([text], fakeCaller());
const ulimitError = (text: string, why: string): string =>
  `ulimit option "${text}" requires name=SOFT:HARD, failed to be parsed: ${why}`;
test('ulimit', reads, ulimit, 'nofile=10:20', [{ name: 'nofile', soft: 10, hard: 20 }]);
test('ulimit', reads, ulimit, 'nofile=10', [{ name: 'nofile', soft: 10, hard: 10 }]);
test('ulimit', reads, ulimit, 'RLIMIT_NOFILE=10', [{ name: 'nofile', soft: 10, hard: 10 }]);
test('ulimit', reads, ulimit, 'core=-1', [{ name: 'core', soft: -1, hard: -1 }]);
test('ulimit', reads, ulimit, 'core=0:unlimited', [{ name: 'core', soft: 0, hard: -1 }]);
test('ulimit', reads, ulimit, 'host', [
  { name: 'nofile', soft: 1024, hard: 4096 },
  { name: 'core', soft: 0, hard: -1 },
]);
test('ulimit', refuses, ulimit, 'foo=1', ulimitError('foo=1', 'invalid ulimit type: foo'));
test('ulimit', refuses, ulimit, 'nofile', ulimitError('nofile', 'invalid ulimit argument: nofile'));
test('ulimit', refuses, ulimit, 'nofile=1:2:3', ulimitError('nofile=1:2:3', 'invalid ulimit argument: nofile=1:2:3'));
test('ulimit', refuses, ulimit, 'nofile=x', ulimitError('nofile=x', 'strconv.ParseInt: parsing "x": invalid syntax'));
test(
  'ulimit',
  refuses,
  ulimit,
  'nofile=10:5',
  ulimitError('nofile=10:5', 'ulimit soft limit must be less than or equal to hard limit: 10 > 5'),
);
test(
  'ulimit',
  refuses,
  ulimit,
  'nofile=-1:5',
  ulimitError('nofile=-1:5', 'ulimit soft limit must be less than or equal to hard limit: -1 > 5'),
);

test('restart', reads, parseRestart, 'no', { policy: 'no' });
test('restart', reads, parseRestart, '', { policy: 'no' });
test('restart', reads, parseRestart, 'always', { policy: 'always' });
test('restart', reads, parseRestart, 'on-failure', { policy: 'on-failure' });
test('restart', reads, parseRestart, 'on-failure:3', { policy: 'on-failure', maxRetries: 3 });
test('restart', reads, parseRestart, 'unless-stopped', { policy: 'unless-stopped' });
test('restart', refuses, parseRestart, 'foo', '"foo" is not a valid restart policy: invalid argument');
test(
  'restart',
  refuses,
  parseRestart,
  'always:3',
  'restart policy retries can only be specified with on-failure restart policy',
);
test(
  'restart',
  refuses,
  parseRestart,
  'on-failure:x',
  'parsing restart policy retry count: strconv.Atoi: parsing "x": invalid syntax',
);
test('restart', refuses, parseRestart, 'on-failure:1:2', 'invalid restart policy: may specify retries at most once');

test('device rate', reads, parseDeviceRate, '/dev/sda:1mb', { device: '/dev/sda', rate: 1024 ** 2 });
test('device rate', refuses, parseDeviceRate, 'foo', 'bad format: foo');
test('device rate', refuses, parseDeviceRate, 'sda:1', 'bad format for device path: sda:1');
test('device operations', reads, parseDeviceOperations, '/dev/sda:1000', { device: '/dev/sda', rate: 1000 });
test(
  'device operations',
  refuses,
  parseDeviceOperations,
  '/dev/sda:1k',
  'invalid rate for device: /dev/sda:1k. The correct format is <device-path>:<number>. Number must be a positive integer',
);
test('device weight', reads, parseDeviceWeight, '/dev/sda:100', { device: '/dev/sda', weight: 100 });
test('device weight', refuses, parseDeviceWeight, '/dev/sda:5', 'invalid weight for device: /dev/sda:5');
test('device weight', refuses, parseDeviceWeight, '/dev/sda:1001', 'invalid weight for device: /dev/sda:1001');

test('namespace', reads, parseNamespace, '', undefined);
test('namespace', reads, parseNamespace, 'host', 'host');
test('namespace', reads, parseNamespace, 'private', 'private');
test('namespace', reads, parseNamespace, 'container:web', 'container:web');
test('namespace', reads, parseNamespace, 'ns:/proc/1/ns/net', 'path:/proc/1/ns/net');
test('namespace', refuses, parseNamespace, 'foo', 'unrecognized namespace mode foo passed');
test('namespace', refuses, parseNamespace, 'shareable', 'unrecognized namespace mode shareable passed');
test('namespace', refuses, parseNamespace, 'container:', 'must provide a name or ID of a container: container:NAME');
test('namespace', refuses, parseNamespace, 'ns:rel', 'namespace path must be absolute: "rel"');
test('ipc', reads, parseIpc, 'shareable', 'shareable');
test('ipc', reads, parseIpc, 'none', 'none');
test('ipc', refuses, parseIpc, 'foo', 'unrecognized namespace mode foo passed');
const networks = (text: string): unknown => parseNetworks(text.split(' '));
test('network', reads, networks, 'none', { mode: 'none', networks: [] });
test('network', reads, networks, 'container:a', { mode: 'container:a', networks: [] });
test('network', reads, networks, 'ns:/run/netns/x', { mode: 'path:/run/netns/x', networks: [] });
for (const word of ['bridge', 'private', 'default'])
  test('network', reads, networks, word, { mode: 'bridge', networks: [{ name: 'bridge' }] });
test('network', reads, networks, 'a,b c', { mode: 'bridge', networks: [{ name: 'a' }, { name: 'b' }, { name: 'c' }] });
test('network', reads, networks, 'a:ip=1.2.3.4,ip6=fd00::1,mac=02:00:00:00:00:01,alias=x,alias=y,interface_name=lan', {
  mode: 'bridge',
  networks: [
    {
      name: 'a',
      ip: '1.2.3.4',
      ip6: 'fd00::1',
      macAddress: '02:00:00:00:00:01',
      interfaceName: 'lan',
      aliases: ['x', 'y'],
    },
  ],
});
test('network', refuses, networks, 'a:foo=bar', 'invalid option for network a: unknown bridge network option: foo');
test('network', refuses, networks, 'a:ip', 'invalid option for network a: ip needs a value');
test(
  'network',
  refuses,
  networks,
  'none host',
  'cannot set multiple networks without bridge network mode, selected mode none: invalid argument',
);
test(
  'network',
  refuses,
  networks,
  'a host',
  'can only set extra network names, selected mode host conflicts with bridge: invalid argument',
);
test('network', refuses, networks, 'pasta', '--network pasta is not supported yet: it is for rootless containers');

const security = (text: string): unknown => parseSecurityOptions(text.split(' '), fakeCaller());
test('security option', reads, security, 'no-new-privileges', { noNewPrivileges: true });
test('security option', reads, security, 'no-new-privileges=false', { noNewPrivileges: false });
test('security option', reads, security, 'no-new-privileges:true', { noNewPrivileges: true });
test('security option', reads, security, 'seccomp=unconfined', { seccompProfile: 'unconfined' });
test('security option', reads, security, 'seccomp=default', { seccompProfile: 'default' });
test('security option', reads, security, 'seccomp=/a=b.json', { seccompProfile: '/a=b.json' });
test('security option', reads, security, 'seccomp=a.json', { seccompProfile: '/here/a.json' });
test('security option', reads, security, 'seccomp=../a.json', { seccompProfile: '/a.json' });
test('security option', reads, security, 'seccomp=', {});
test('security option', reads, security, 'seccomp=unconfined seccomp=', {});
test('security option', reads, security, 'apparmor=x', { apparmorProfile: 'x' });
test('security option', reads, security, 'label=type:spc_t', { labels: ['type:spc_t'] });
test('security option', reads, security, 'label:disable', { labels: ['disable'] });
test('security option', reads, security, 'mask=/a:/b', { mask: ['/a', '/b'] });
test('security option', reads, security, 'unmask=ALL', { unmask: ['ALL'] });
test('security option', reads, security, 'systempaths=unconfined', { unmask: ['ALL'] });
test('security option', reads, security, 'proc-opts=hidepid=2,gid=5', { procOptions: ['hidepid=2', 'gid=5'] });
test('security option', refuses, security, 'foo', 'invalid --security-opt 1: "foo"');
test('security option', refuses, security, 'foo=bar', 'invalid --security-opt 2: "foo=bar"');
test(
  'security option',
  refuses,
  security,
  'no-new-privileges=maybe',
  'invalid --security-opt 2: "no-new-privileges=maybe"',
);

const logOption = (text: string): unknown => parseLogOptions([text], fakeCaller());
test('log option', reads, logOption, 'driver=json-file', { driver: 'json-file' });
test('log option', reads, logOption, 'path=/a', { path: '/a' });
test('log option', reads, logOption, 'path=../a', { path: '/a' });
test('log option', reads, logOption, 'path=a/b.log', { path: '/here/a/b.log' });
test('log option', reads, logOption, 'path=', {});
test('log option', reads, logOption, 'max-size=10m', { maxSizeBytes: 10 * 1024 ** 2 });
test('log option', reads, logOption, 'max-file=3', { maxFiles: 3 });
test('log option', reads, logOption, 'tag={{.Name}}', { tag: '{{.Name}}' });
test('log option', refuses, logOption, 'foo', 'invalid log option "foo"');
test(
  'log option',
  refuses,
  logOption,
  'foo=bar',
  'invalid log option "foo=bar": choose from driver, path, max-size, max-file, tag',
);
test('log option', refuses, logOption, 'max-file=0', 'invalid log option "max-file=0": max-file must be 1 to 9999');

const filter = (text: string): unknown => parseFilters(text.split(' '));
test('filter', reads, filter, 'name=web', { name: ['web'] });
test('filter', reads, filter, 'label=a=b label=c', { label: ['a=b', 'c'] });
test('filter', reads, filter, 'label!=a=b', { 'label!': ['a=b'] });
test('filter', refuses, filter, 'foo=bar', 'foo is an invalid filter');
test('filter', refuses, filter, 'foo', 'invalid filter "foo"');
