/** login, logout and search against a real registry. */
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';

import { openDestination } from '../../../src/image/open.js';
import { NO_REGISTRIES } from '../../../src/image/registries/config.js';
import { run, runWith } from '../../helpers/cli.js';
import { sendJson, startServer } from '../../helpers/http-server.js';
import { makeImage, writeImage } from '../../helpers/images.js';
import { PASSWORD, startRegistry, USER } from '../../helpers/registry.js';
import { requires } from '../../helpers/requires.js';
import { temporaryDirectory } from '../../helpers/temp.js';

test('login: keeps what the registry takes, and logout forgets it', async (t) => {
  if (!requires(t, 'docker-registry')) return;
  const { host } = await startRegistry(t, { auth: true });
  const authFile = join(temporaryDirectory(t), 'auth.json');
  const common = ['--authfile', authFile];
  const plain = [...common, '--tls-verify=false'];
  const wrong = await run(t, 125, 'login', ...plain, '-u', USER, '-p', 'wrong', host);
  t.regex(wrong.stderr, new RegExp(`logging into "${host}": invalid username/password`));
  const input = { input: `${PASSWORD}\n` };
  const done = await runWith(t, input, 0, 'login', ...plain, '-v', '-u', USER, '--password-stdin', host);
  t.is(done.stdout, `Used:  ${authFile}\nLogin Succeeded!\n`);
  t.is(statSync(authFile).mode & 0o777, 0o600);
  t.is((await run(t, 0, 'login', ...common, '--get-login', host)).stdout, `${USER}\n`);
  const again = await run(t, 0, 'login', ...plain, host);
  t.regex(again.stdout, /Existing credentials are valid. Already logged in to/);
  t.is((await run(t, 0, 'logout', ...common, host)).stdout, `Removed login credentials for ${host}\n`);
  t.regex((await run(t, 125, 'logout', ...common, host)).stderr, /not logged into/);
  t.regex((await run(t, 125, 'login', ...common, '--get-login', host)).stderr, /not logged into/);
  t.false(readFileSync(authFile, 'utf8').includes(host));
});

test('login: --compat-auth-file keeps what Docker reads, and logout takes it out again', async (t) => {
  if (!requires(t, 'docker-registry')) return;
  const { host } = await startRegistry(t, { auth: true });
  const file = join(temporaryDirectory(t), 'config.json');
  writeFileSync(file, JSON.stringify({ currentContext: 'here' }));
  const common = ['--compat-auth-file', file];
  const login = ['login', ...common, '--tls-verify=false', '-u', USER, '-p', PASSWORD];
  t.regex((await run(t, 125, ...login, `${host}/team`)).stderr, /Docker keeps no login for a path/);
  await run(t, 0, ...login, host);
  const auth = Buffer.from(`${USER}:${PASSWORD}`).toString('base64');
  t.deepEqual(JSON.parse(readFileSync(file, 'utf8')), { currentContext: 'here', auths: { [host]: { auth } } });
  t.is((await run(t, 0, 'logout', ...common, host)).stdout, `Removed login credentials for ${host}\n`);
  t.deepEqual(JSON.parse(readFileSync(file, 'utf8')), { currentContext: 'here', auths: {} });
});

test('login and logout: a relative file of logins counts from the working directory', async (t) => {
  if (!requires(t, 'docker-registry')) return;
  const { host } = await startRegistry(t, { auth: true });
  const directory = temporaryDirectory(t);
  const login = ['login', '--tls-verify=false', '-u', USER, '-p', PASSWORD, host];
  const ways = [
    { file: 'a.json', flags: ['--authfile', 'a.json'], env: {} },
    { file: 'b.json', flags: ['--compat-auth-file', './b.json'], env: {} },
    { file: 'c.json', flags: [], env: { REGISTRY_AUTH_FILE: 'c.json' } },
  ];
  for (const { file, flags, env } of ways) {
    await runWith(t, { directory, env }, 0, ...login, ...flags);
    t.true(readFileSync(join(directory, file), 'utf8').includes(host), file);
    await runWith(t, { directory, env }, 0, 'logout', ...flags, host);
    t.false(readFileSync(join(directory, file), 'utf8').includes(host), file);
  }
});

test('login: asks for what it is not told', async (t) => {
  if (!requires(t, 'docker-registry')) return;
  const { host } = await startRegistry(t, { auth: true });
  const authFile = join(temporaryDirectory(t), 'auth.json');
  const plain = ['--authfile', authFile, '--tls-verify=false'];
  const done = await runWith(t, { input: `${USER}\n${PASSWORD}\n` }, 0, 'login', ...plain, host);
  t.is(done.stdout, 'Username: Password: Login Succeeded!\n');
  await run(t, 0, 'login', ...plain, '-u', USER, '-p', PASSWORD, `${host}/team`);
  const all = await run(t, 0, 'logout', '--authfile', authFile, '--all');
  t.is(all.stdout, 'Removed login credentials for all registries\n');
});

test('login: certificates are checked with those of --cert-dir', async (t) => {
  if (!requires(t, 'docker-registry', 'openssl')) return;
  const { host, certDirectory } = await startRegistry(t, { tls: true, auth: true });
  const login = ['login', '--authfile', join(temporaryDirectory(t), 'auth.json'), '-u', USER, '-p', PASSWORD];
  t.regex((await run(t, 125, ...login, host)).stderr, /certificate/);
  await run(t, 0, ...login, '--cert-dir', certDirectory, host);
});

test('login: wrong uses are refused', async (t) => {
  t.regex((await run(t, 125, 'login', 'a', 'b')).stderr, /only one registry/);
  t.regex((await run(t, 125, 'login', '--password-stdin', 'a.io')).stderr, /must provide --username/);
  const both = await run(t, 125, 'login', '-u', 'x', '-p', 'y', '--password-stdin', 'a.io');
  t.regex(both.stderr, /can't specify both/);
  const files = ['--authfile', 'a', '--compat-auth-file', 'b', 'a.io'];
  t.regex((await run(t, 125, 'login', ...files)).stderr, /cannot be used together/);
  t.regex((await run(t, 125, 'logout', ...files)).stderr, /cannot be used together/);
  const conf = join(temporaryDirectory(t), 'registries.conf');
  writeFileSync(conf, 'unqualified-search-registries = []');
  const env = { CONTAINERS_REGISTRIES_CONF: conf };
  t.regex((await runWith(t, { env }, 125, 'login')).stderr, /a registry must be provided/);
});

test('search: repositories and tags of a registry', async (t) => {
  if (!requires(t, 'docker-registry')) return;
  const { host } = await startRegistry(t);
  const temporary = temporaryDirectory(t);
  const options = {
    environment: {},
    uid: 0,
    registries: NO_REGISTRIES,
    temporaryDirectory: temporary,
    tlsVerify: false,
  };
  for (const name of ['team/app:1', 'team/app:2', 'other:1']) {
    await using destination = await openDestination(`docker://${host}/${name}`, options);
    await writeImage(destination, makeImage());
  }
  const found = await run(t, 0, 'search', '--tls-verify=false', `${host}/app`);
  t.deepEqual(
    found.stdout
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/ +/)[0]),
    ['NAME', `${host}/team/app`],
  );
  t.regex(found.stdout, /^NAME +DESCRIPTION\n/);
  const image = `${host}/team/app`;
  const tags = await run(t, 0, 'search', '--tls-verify=false', '--list-tags', image);
  const [heading = '', ...rows] = tags.stdout.trim().split('\n');
  t.deepEqual(heading.split(/ +/), ['NAME', 'TAG']);
  // The registry gives them in any order.
  t.deepEqual(rows.map((line) => line.split(/ +/)).sort(), [
    [image, '1'],
    [image, '2'],
  ]);
  const listing = ['search', '--tls-verify=false', '--list-tags', '--limit', '1', '--format', 'json', image];
  const [listed] = JSON.parse((await run(t, 0, ...listing)).stdout) as { Name: string; Tags: string[] }[];
  t.is(listed?.Name, image);
  t.is(listed?.Tags.length, 1);
});

test('search: filters, limits and formats', async (t) => {
  const results = [
    { name: 'big', description: `many ${'words '.repeat(20)}\u001b[31m`, star_count: 50, is_official: true },
    { name: 'team/small', description: 'few', star_count: 1, is_automated: true },
  ];
  const server = await startServer(t, ({ url }, response) => {
    if (url === '/v2/') sendJson(response, {});
    else sendJson(response, { results: results.slice(0, Number(/n=(\d+)/.exec(url)?.[1])) });
  });
  const search = async (...flags: readonly string[]) =>
    (await run(t, 0, 'search', '--tls-verify=false', '--format', '{{.Name}}', ...flags, `${server.host}/x`)).stdout;
  const [big, small] = [`${server.host}/big\n`, `${server.host}/team/small\n`];
  t.is(await search(), big + small);
  t.is(await search('--filter', 'stars=10'), big);
  t.is(await search('--filter', 'is-official'), big);
  t.is(await search('--filter', 'is-official=false'), small);
  t.is(await search('--filter', 'is-automated=true'), small);
  t.is(await search('--limit', '1'), big);
  const conf = join(temporaryDirectory(t), 'registries.conf');
  writeFileSync(conf, `unqualified-search-registries = ["${server.host}"]`);
  const env = { CONTAINERS_REGISTRIES_CONF: conf };
  const short = await runWith(t, { env }, 0, 'search', '--tls-verify=false', '--format', '{{.Description}}', 'x');
  t.is(short.stdout.split('\n')[0]?.length, 47);
  const whole = await runWith(
    t,
    { env },
    0,
    'search',
    '--tls-verify=false',
    '--no-trunc',
    '--format',
    '{{.Description}}',
    'x',
  );
  t.true((whole.stdout.split('\n')[0]?.length ?? 0) > 100);
  const columns = await run(t, 0, 'search', '--tls-verify=false', '--compatible', `${server.host}/x`);
  t.regex(columns.stdout, /^NAME +DESCRIPTION +STARS +OFFICIAL +AUTOMATED\n/);
  t.regex((await run(t, 125, 'search', '--limit', '101', 'x')).stderr, /outside the range of \[1, 100\]/);
  t.regex((await run(t, 125, 'search', '--filter', 'nothing', `${server.host}/x`)).stderr, /invalid filter type/);
  t.regex((await run(t, 125, 'search')).stderr, /requires at least 1 arg/);
});

test('pull: of a short name that no registry gives it is said what each has answered', async (t) => {
  if (!requires(t, 'root')) return;
  const refusing = (code: string, status: number) =>
    startServer(t, (_, response) => {
      sendJson(response, { errors: [{ code, message: `no: ${code}` }] }, status);
    });
  const servers = [await refusing('DENIED', 403), await refusing('MANIFEST_UNKNOWN', 404)];
  const conf = join(temporaryDirectory(t), 'registries.conf');
  writeFileSync(conf, `unqualified-search-registries = ["${servers.map(({ host }) => host).join('", "')}"]`);
  const env = { CONTAINERS_REGISTRIES_CONF: conf };
  const { stderr } = await runWith(t, { env }, 125, 'pull', '--tls-verify=false', 'app');
  for (const [index, code] of ['DENIED', 'MANIFEST_UNKNOWN'].entries())
    t.regex(stderr, new RegExp(`${servers[index]?.host ?? ''}/app.*no: ${code}`));
});

test('pull and search: an auth file that is named must be there', async (t) => {
  if (!requires(t, 'root')) return;
  const missing = ['--authfile', '/nosuch/auth.json'];
  for (const command of [
    ['pull', ...missing, '127.0.0.1:1/x'],
    ['pull', '-a', ...missing, '127.0.0.1:1/x'],
    ['search', ...missing, '127.0.0.1:1/x'],
    ['search', '--list-tags', ...missing, '127.0.0.1:1/x'],
  ])
    t.regex((await run(t, 125, ...command)).stderr, /stat \/nosuch\/auth\.json: no such file or directory/);
});

test('pull: what policy.json rejects, or wants signed, is not asked for', async (t) => {
  if (!requires(t, 'root')) return;
  const server = await startServer(t, (_, response) => {
    sendJson(response, {}, 404);
  });
  const home = temporaryDirectory(t);
  mkdirSync(join(home, '.config/containers'), { recursive: true });
  const path = join(home, '.config/containers/policy.json');
  const env = { HOME: home };
  const pull = async () => (await runWith(t, { env }, 125, 'pull', '--tls-verify=false', `${server.host}/app`)).stderr;
  const allowed = { [server.host]: [{ type: 'insecureAcceptAnything' }] };
  for (const [rule, words] of [
    [{ default: [{ type: 'reject' }] }, `app:latest is rejected by ${path} (default)`],
    [{ default: [{ type: 'signedBy', keyType: 'GPGKeys', keyPath: '/k' }] }, 'needs a signature by'],
  ] as const) {
    writeFileSync(path, JSON.stringify(rule));
    t.true((await pull()).includes(words));
    t.is(server.requests.length, 0);
    const { stderr } = await runWith(t, { env }, 125, 'pull', 'dir:/nosuch');
    t.true(stderr.includes(`dir:/nosuch ${words.replace('app:latest ', '')}`), stderr);
    const [archive, options] = [join(home, 'image.tar'), { environment: {}, uid: 0, temporaryDirectory: home }];
    await using destination = await openDestination(`docker-archive:${archive}:x:1`, options);
    await writeImage(destination, makeImage());
    t.regex((await runWith(t, { env }, 125, 'load', '-i', archive)).stderr, /rejected by|needs a signature/);
  }
  writeFileSync(path, JSON.stringify({ default: [{ type: 'reject' }], transports: { docker: allowed } }));
  await pull();
  t.true(server.requests.length > 0);
});

test('pull and push: --retry and --retry-delay say how often and when a registry is asked again', async (t) => {
  if (!requires(t, 'root')) return;
  const server = await startServer(t, (_, response) => {
    sendJson(response, {}, 503);
  });
  const pull = ['pull', '--tls-verify=false', `${server.host}/app`];
  const asked = async (...flags: readonly string[]) => {
    const before = server.requests.length;
    await run(t, 125, ...pull, ...flags);
    return server.requests.length - before;
  };
  const once = await asked('--retry', '0');
  t.is(await asked('--retry', '4', '--retry-delay', '1ms'), once + 4);
  t.regex((await run(t, 125, ...pull, '--retry-delay', 'soon')).stderr, /time: invalid duration "soon"/);
  t.regex((await run(t, 125, ...pull, '--retry', '101')).stderr, /retries must be a whole number from 0 to 100/);
  t.regex((await run(t, 125, 'push', '--retry', 'x', 'a', 'b')).stderr, /invalid argument "x" for "--retry"/);
});

test('pull: --policy says whether an image that is here is asked for', async (t) => {
  if (!requires(t, 'root')) return;
  const server = await startServer(t, (_, response) => {
    sendJson(response, {}, 404);
  });
  const [here, absent] = [`${server.host}/here:1`, `${server.host}/absent:1`];
  const archive = join(temporaryDirectory(t), 'root.tar');
  writeFileSync(archive, Buffer.alloc(1024));
  const id = (await run(t, 0, 'import', '-q', archive, here)).stdout.replace('sha256:', '');
  const pull = (status: number, policy: string, name: string) =>
    run(t, status, 'pull', '-q', '--tls-verify=false', '--policy', policy, name);
  for (const policy of ['missing', 'IfNotPresent', 'never']) t.is((await pull(0, policy, here)).stdout, id);
  await pull(125, 'never', absent);
  t.is(server.requests.length, 0);
  t.is((await pull(0, 'newer', here)).stdout, id);
  t.true(server.requests.length > 0);
  await pull(125, 'always', here);
  await pull(125, 'missing', absent);
  t.regex((await pull(125, 'often', here)).stderr, /unsupported pull policy "often"/);
});
