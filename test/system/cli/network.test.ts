/** `tspod network`: what it writes, prints and refuses. Nothing here makes a link: the configurations are files of the test's own. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import test, { type ExecutionContext } from 'ava';

import { collect, output, run, runWith, start, storeOf } from '../../helpers/cli.js';
import { requires } from '../../helpers/requires.js';
import { temporaryDirectory } from '../../helpers/temp.js';

interface File {
  readonly name: string;
  readonly id: string;
  readonly network_interface: string;
  readonly subnets: readonly { readonly subnet: string; readonly gateway: string }[];
}

function directoryOf(t: ExecutionContext): string {
  return join(storeOf(t).root, 'networks');
}

function fileOf(t: ExecutionContext, name: string): File {
  return JSON.parse(readFileSync(join(directoryOf(t), `${name}.json`), 'utf8')) as File;
}

test('network create: the beginning of the id of another one is a name like others', async (t) => {
  if (!requires(t, 'root')) return;
  await run(t, 0, 'network', 'create', 'web');
  const { id } = fileOf(t, 'web');
  const name = id.slice(0, 2);
  t.is(await output(t, 'network', 'create', '--ignore', name), `${name}\n`);
  t.not(fileOf(t, name).id, id);
  t.is(await output(t, 'network', 'inspect', '--format', '{{.ID}}', name), `${fileOf(t, name).id}\n`);
});

test('network create: stores that know nothing of each other have bridges of their own', async (t) => {
  if (!requires(t, 'root')) return;
  await run(t, 0, 'network', 'create', 'web');
  const other = temporaryDirectory(t);
  await run(t, 0, '--root', `${other}/root`, '--runroot', `${other}/run`, 'network', 'create', 'web');
  const { network_interface: bridge } = JSON.parse(readFileSync(`${other}/root/networks/web.json`, 'utf8')) as File;
  for (const name of [bridge, fileOf(t, 'web').network_interface]) t.regex(name ?? '', /^tspod\d{1,10}$/);
  t.not(bridge, fileOf(t, 'web').network_interface);
});

test('network create: writes netavark’s file, prints the name, and ls, inspect and exists see it', async (t) => {
  if (!requires(t, 'root')) return;
  t.is(await output(t, 'network', 'create', '--label', 'a=b', '-o', 'mtu=1400', '--ipv6', 'web'), 'web\n');
  const file = fileOf(t, 'web');
  t.like(file, {
    name: 'web',
    driver: 'bridge',
    ipv6_enabled: true,
    dns_enabled: true,
    labels: { a: 'b' },
    options: { mtu: '1400' },
    ipam_options: { driver: 'host-local' },
  });
  const shown = [{ ...file, containers: {} }];
  t.deepEqual(JSON.parse(await output(t, 'network', 'inspect', 'web')), shown);
  t.deepEqual(JSON.parse(await output(t, 'network', 'inspect', file.id.slice(0, 8))), shown);
  t.deepEqual(JSON.parse(await output(t, 'network', 'ls', '--filter', 'name=web', '--format', 'json')), [file]);
  t.is(
    await output(t, 'network', 'ls', '--filter', 'name=web'),
    `NETWORK ID    NAME        DRIVER\n${file.id.slice(0, 12)}  web         bridge\n`,
  );
  t.is(await output(t, 'network', 'ls', '-q'), 'tspod\nweb\n');
  t.is(
    await output(t, 'network', 'ls', '-f', 'name=web', '--no-trunc', '--noheading', '--format', '{{.ID}} {{.Labels}}'),
    `${file.id} a=b\n`,
  );
  const template = '{{.Name}} {{range .Subnets}}{{.Gateway}} {{end}}{{.DNSEnabled}}';
  t.is(
    await output(t, 'network', 'inspect', '--format', template, 'web'),
    `web ${file.subnets.map(({ gateway }) => `${gateway} `).join('')}true\n`,
  );
  await run(t, 0, 'network', 'exists', 'web');
  await run(t, 1, 'network', 'exists', 'nope');
});

test('network ls, inspect, exists: the default network of a new store, which is made when it is first needed', async (t) => {
  if (!requires(t, 'root')) return;
  t.is(await output(t, 'network', 'ls', '-q'), 'tspod\n');
  const [shown] = JSON.parse(await output(t, 'network', 'inspect', 'tspod')) as File[];
  t.like(shown, { name: 'tspod', driver: 'bridge', dns_enabled: false });
  t.is(shown?.subnets, undefined);
  const id = shown?.id ?? '';
  for (const word of ['tspod', 'podman', id.slice(0, 12)]) {
    await run(t, 0, 'network', 'exists', word);
    t.is(await output(t, 'network', 'inspect', '--format', '{{.ID}}', word), `${id}\n`);
  }
  t.false(existsSync(directoryOf(t)));
  t.is(await output(t, 'network', 'prune', '-f'), '');
  await run(t, 125, 'network', 'rm', 'tspod');
});

test('network ls: filters', async (t) => {
  if (!requires(t, 'root')) return;
  for (const [name, ...flags] of [
    ['web', '--label', 'a=b'],
    ['db'],
    ['lan', '-d', 'macvlan', '--subnet', '192.0.2.0/24'],
  ])
    await run(t, 0, 'network', 'create', ...flags, name!);
  const names = async (...filters: string[]): Promise<string> =>
    (await output(t, 'network', 'ls', '-q', ...filters.flatMap((filter) => ['--filter', filter])))
      .trim()
      .replaceAll('\n', ' ');
  t.is(await names(), 'db lan tspod web');
  t.is(await names('name=e'), 'web');
  t.is(await names('driver=macvlan'), 'lan');
  t.is(await names('label=a=b'), 'web');
  t.is(await names('label!=a'), 'db lan tspod');
  t.is(await names(`id=${fileOf(t, 'db').id.slice(0, 10)}`), 'db');
  t.is(await names('until=1h'), '');
  t.is(await names('dangling=true', 'name=w'), 'web');
  t.regex((await run(t, 125, 'network', 'ls', '--filter', 'foo=bar')).stderr, /^Error: invalid filter "foo"\n$/);
});

test('network rm --force: takes pods along, and nothing that only depends on a container of the network', async (t) => {
  if (!requires(t, 'root')) return;
  await run(t, 0, 'network', 'create', 'web');
  await run(t, 0, 'create', '--name', 'base', '--network', 'web', '--rootfs', '/', 'true');
  await run(t, 0, 'create', '--name', 'above', '--network', 'container:base', '--rootfs', '/', 'true');
  await run(t, 0, 'pod', 'create', '--network', 'web', 'group');
  t.regex((await run(t, 125, 'network', 'rm', '-f', 'web')).stderr, /^Error: container \S+ has dependent containers/);
  t.is((await output(t, 'ps', '-aq')).split('\n').filter(Boolean).length, 3);
  await run(t, 0, 'rm', 'above');
  t.is(await output(t, 'network', 'rm', '-f', 'web'), 'web\n');
  t.is(await output(t, 'ps', '-aq'), '');
  t.is(await output(t, 'pod', 'ps', '-q'), '');
});

test('network rm and prune: exit codes and messages as Podman’s', async (t) => {
  if (!requires(t, 'root')) return;
  for (const name of ['one', 'two', 'three']) await run(t, 0, 'network', 'create', name);
  const some = await run(t, 1, 'network', 'rm', 'one', 'nope');
  t.is(some.stdout, 'one\n');
  t.is(some.stderr, 'Error: unable to find network with name or ID nope: network not found\n');
  t.false(existsSync(join(directoryOf(t), 'one.json')));
  t.is((await run(t, 125, 'network', 'rm', 'tspod')).stderr, 'Error: default network tspod cannot be removed\n');
  await run(t, 0, 'create', '--name', 'c', '--network', 'two', '--rootfs', '/', 'true');
  const used = await run(t, 2, 'network', 'rm', 'two');
  t.regex(used.stderr, /^Error: "two" has associated containers with it\. Use -f .*: network is being used\n$/);
  t.is(await output(t, 'network', 'ls', '-q', '--filter', 'dangling=false'), 'two\n');
  t.is(await output(t, 'network', 'prune', '-f'), 'three\n');
  t.is(
    (await runWith(t, { input: 'n\n' }, 0, 'network', 'prune')).stdout.split('\n')[0],
    'WARNING! This will remove all networks not used by at least one container.',
  );
  t.is(await output(t, 'network', 'rm', '-f', 'nope', 'two'), 'two\n');
  t.is(await output(t, 'network', 'rm', '-f', 'nope'), '');
  t.is(await output(t, 'ps', '-aq'), '');
});

test('network inspect: those that are there, and the error of the others', async (t) => {
  if (!requires(t, 'root')) return;
  await run(t, 0, 'network', 'create', 'web');
  const { stdout, stderr } = await run(t, 125, 'network', 'inspect', 'web', 'nope');
  t.is((JSON.parse(stdout) as unknown[]).length, 1);
  t.is(
    stderr,
    'Error: inspecting object: network nope: unable to find network with name or ID nope: network not found\n',
  );
});

test('network create: hostile input is refused and leaves nothing behind', async (t) => {
  if (!requires(t, 'root')) return;
  await run(t, 0, 'network', 'create', '--subnet', '10.123.0.0/24', 'web');
  const before = readdirSync(directoryOf(t));
  const cases: readonly (readonly [RegExp, ...string[]])[] = [
    [/names must match/, 'a/b'],
    [/names must match/, '../b'],
    [/names must match/, 'a;reboot'],
    [/names must match/, '$(reboot)'],
    [/already used/, 'web'],
    [/conflicts with a valid network mode/, 'host'],
    [/already used on the host or by another config/, '--subnet', '10.123.0.128/25', 'x'],
    [/already used on the host or by another config/, '--subnet', '127.0.0.0/8', 'x'],
    [/invalid CIDR address: abc/, '--subnet', 'abc', 'x'],
    [/not in subnet/, '--subnet', '10.124.0.0/24', '--gateway', '10.125.0.1', 'x'],
    [/cannot set gateway or range without subnet/, '--gateway', '10.125.0.1', 'x'],
    [/interface name/, '--interface-name', '0123456789abcdef', 'x'],
    [/interface name/, '--interface-name', '../../x', 'x'],
    [/unsupported driver/, '--driver', '../x', 'x'],
    [/unsupported bridge network option/, '-o', 'foo=bar', 'x'],
  ];
  for (const [words, ...args] of cases) {
    const { stderr, stdout } = await run(t, 125, 'network', 'create', ...args);
    t.regex(stderr, words);
    t.is(stdout, '');
  }
  t.deepEqual(readdirSync(directoryOf(t)), before);
  t.is(await output(t, 'network', 'create', '--ignore', 'web'), 'web\n');
});

test('networks: a file that is none is passed over in lists and named where it is asked for', async (t) => {
  if (!requires(t, 'root')) return;
  mkdirSync(directoryOf(t), { recursive: true });
  writeFileSync(join(directoryOf(t), 'bad.json'), '{"name": "bad"}');
  t.is(await output(t, 'network', 'ls', '-q'), 'tspod\n');
  t.regex(
    (await run(t, 125, 'network', 'inspect', 'bad')).stderr,
    /networks\/bad\.json: driver must be one of bridge, .*, not undefined/,
  );
});

test('network update: changes the name servers', async (t) => {
  if (!requires(t, 'root')) return;
  await run(t, 0, 'network', 'create', '--dns', '192.0.2.1', 'web');
  t.is(
    await output(t, 'network', 'update', '--dns-add', '192.0.2.2,192.0.2.3', '--dns-drop', '192.0.2.1', 'web'),
    'web\n',
  );
  t.like(fileOf(t, 'web'), { network_dns_servers: ['192.0.2.2', '192.0.2.3'] });
  await run(t, 125, 'network', 'update', '--dns-add', 'x', 'web');
  await run(t, 125, 'network', 'update', 'web');
});

test('network create: processes at the same time take different subnets, bridges and names', async (t) => {
  if (!requires(t, 'root')) return;
  storeOf(t);
  const results = await Promise.all(Array.from({ length: 8 }, () => collect(start(t, {}, 'network', 'create'))));
  t.deepEqual(
    results.map(({ status, stderr }) => `${status}${stderr}`),
    Array<string>(8).fill('0'),
  );
  const names = results.map(({ stdout }) => stdout.trim());
  const files = names.map((name) => fileOf(t, name));
  t.is(new Set(names).size, 8);
  t.is(new Set(files.map(({ network_interface }) => network_interface)).size, 8);
  t.is(new Set(files.map(({ subnets }) => subnets[0]?.subnet)).size, 8);
  const same = await Promise.all(Array.from({ length: 4 }, () => collect(start(t, {}, 'network', 'create', 'same'))));
  t.is(same.filter(({ status }) => status === 0).length, 1);
});

test('--network-config-dir: networks are found and made there', async (t) => {
  if (!requires(t, 'root')) return;
  const directory = join(storeOf(t).root, 'elsewhere');
  await run(t, 0, '--network-config-dir', directory, 'network', 'create', 'web');
  t.true(existsSync(join(directory, 'web.json')));
  await run(t, 0, '--network-config-dir', directory, 'network', 'exists', 'web');
  await run(t, 1, 'network', 'exists', 'web');
});
