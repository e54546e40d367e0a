import test, { type ExecutionContext } from 'ava';

import { isTspodError } from '../../../../src/errors.js';
import { checkLogin } from '../../../../src/image/registry/check-login.js';
import { RegistryClient, type RegistryClientOptions } from '../../../../src/image/registry/client.js';
import { parseChallenges } from '../../../../src/image/registry/challenge.js';
import { proxyFor } from '../../../../src/image/registry/environment.js';
import { searchRegistry } from '../../../../src/image/registry/search.js';
import { listTags } from '../../../../src/image/registry/tags.js';
import { sendJson, startServer, type Handler, type TestServer } from '../../../helpers/http-server.js';

const OPTIONS: RegistryClientOptions = { insecure: true, environment: {}, retry: { retries: 0 } };

function tagsOf(t: ExecutionContext<unknown>, { host }: TestServer): Promise<readonly string[]> {
  const client = new RegistryClient(host, OPTIONS);
  t.teardown(() => client[Symbol.asyncDispose]());
  return listTags({ client, repository: 'a/b' });
}

const pages: Handler = ({ url }, response) => {
  const last = new URL(url, 'http://x').searchParams.get('last');
  if (url === '/v2/') sendJson(response, {});
  else if (last === null) sendJson(response, { tags: ['1', '2'] }, 200, { link: `<${url}&last=2>; rel="next"` });
  else sendJson(response, { tags: ['3'] });
};

test('tags: all pages', async (t) => {
  const server = await startServer(t, pages);
  t.deepEqual(await tagsOf(t, server), ['1', '2', '3']);
  t.is(server.requests[1]?.url, '/v2/a/b/tags/list?n=1000');
});

const badTags = test.macro<[string, { answer: unknown; link?: string }, RegExp]>({
  exec: async (t, _, { answer, link }, why) => {
    const headers: Record<string, string> = link === undefined ? {} : { link };
    const server = await startServer(t, (_request, response) => sendJson(response, answer, 200, headers));
    const error = await t.throwsAsync(tagsOf(t, server));
    t.true(isTspodError(error, 'REGISTRY_ERROR'));
    t.regex(error.message, why);
  },
  title: (_, what) => `tags: refused: ${what}`,
});
test(badTags, 'no list', { answer: { tags: 'x' } }, /not a list/);
test(badTags, 'numbers', { answer: { tags: [1] } }, /not a list/);
test(badTags, 'null', { answer: null }, /not a list/);
test(badTags, 'elsewhere', { answer: { tags: [] }, link: '<http://127.0.0.2/x>; rel=next' }, /on another host/);
test(
  badTags,
  'pages for ever',
  { answer: { tags: [] }, link: '</v2/a/b/tags/list>; rel="next"' },
  /more than 1000 pages/,
);
test(
  badTags,
  'a long list',
  { answer: { tags: Array<string>(500_000).fill('123456789012') } },
  /larger than|more than 200000/,
);

test('tags: none is an empty list, and a missing repository an error', async (t) => {
  t.deepEqual(await tagsOf(t, await startServer(t, (_, response) => sendJson(response, { tags: null }))), []);
  const server = await startServer(t, ({ url }, response) => sendJson(response, {}, url === '/v2/' ? 200 : 404));
  t.true(isTspodError(await t.throwsAsync(tagsOf(t, server)), 'NO_SUCH_IMAGE'));
});

test('search: by the API of docker.io', async (t) => {
  const server = await startServer(t, ({ url }, response) => {
    if (url === '/v2/') return sendJson(response, {});
    t.is(url, '/v1/search?q=al+pine&n=3');
    const result = { name: 'alpine', description: 'small', star_count: 5, is_official: true };
    sendJson(response, { results: [result, null, { name: 5 }, { name: 'a/b' }, { name: 'c' }] });
  });
  const found = await searchRegistry(server.host, { term: 'al pine', limit: 3 }, OPTIONS);
  const facts = { index: server.host, stars: 5, official: true, automated: false };
  t.deepEqual(found, [{ ...facts, name: `${server.host}/alpine`, description: 'small' }]);
});

test('search: in the list of all repositories where there is no other', async (t) => {
  const server = await startServer(t, ({ url }, response) => {
    if (url === '/v2/') sendJson(response, {});
    else if (url.startsWith('/v1/')) sendJson(response, {}, 404);
    else if (url === '/v2/_catalog?n=1000')
      sendJson(response, { repositories: ['x/app', 'y'] }, 200, { link: '</v2/_catalog?last=y>; rel="next"' });
    else sendJson(response, { repositories: ['app2', 'app3'] });
  });
  const found = await searchRegistry(server.host, { term: 'app', limit: 2 }, OPTIONS);
  t.deepEqual(
    found.map(({ name }) => name),
    [`${server.host}/x/app`, `${server.host}/app2`],
  );
});

test('login: taken or not', async (t) => {
  const server = await startServer(t, ({ headers }, response) => {
    const isRight = headers.authorization === `Basic ${Buffer.from('a:b').toString('base64')}`;
    const errors = [{ code: 'UNAUTHORIZED', message: 'authentication required' }];
    sendJson(response, { errors }, isRight ? 200 : 401, { 'www-authenticate': 'Basic realm="x"' });
  });
  const login = (password: string) =>
    checkLogin(server.host, {
      ...OPTIONS,
      credentials: () => Promise.resolve({ kind: 'password', username: 'a', password }),
    });
  await t.notThrowsAsync(login('b'));
  t.true(isTspodError(await t.throwsAsync(login('c')), 'UNAUTHORIZED'));
});

test('challenges: read as RFC 9110 writes them', (t) => {
  const read = (header: string) =>
    parseChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);
  t.deepEqual(read('Bearer realm="https://a/t",service="s, x",scope="repository:a:pull,push"'), [
    ['bearer', { realm: 'https://a/t', service: 's, x', scope: 'repository:a:pull,push' }],
  ]);
  t.deepEqual(read('Basic realm="a \\"b\\"", Bearer realm=x'), [
    ['basic', { realm: 'a "b"' }],
    ['bearer', { realm: 'x' }],
  ]);
  t.deepEqual(read('Negotiate, Basic'), [
    ['negotiate', {}],
    ['basic', {}],
  ]);
  t.deepEqual(read(''), []);
  t.deepEqual(read('"nonsense'), []);
  t.deepEqual(read('Basic realm="open'), [
    ['basic', {}],
    ['realm', {}],
  ]);
});

test('proxies: as the environment says', (t) => {
  const of = (url: string, environment: Record<string, string>) => proxyFor(new URL(url), environment);
  const environment = { HTTPS_PROXY: 'http://p:1', http_proxy: 'q:2', NO_PROXY: 'a.io, .b.io,c.io:5000,*.d.io' };
  t.is(of('https://quay.io', environment), 'http://p:1');
  t.is(of('http://quay.io', environment), 'http://q:2');
  t.is(of('https://quay.io', {}), undefined);
  for (const host of ['a.io', 'x.a.io', 'x.b.io', 'c.io:5000', 'x.d.io', 'localhost', '127.0.0.1:5']) {
    t.is(of(`https://${host}`, environment), undefined, host);
  }
  for (const host of ['b.io', 'c.io', 'xa.io']) t.is(of(`https://${host}`, environment), 'http://p:1', host);
  t.is(of('https://quay.io', { HTTPS_PROXY: 'p', NO_PROXY: '*' }), undefined);
});

test('proxies: NO_PROXY names addresses and networks of them', (t) => {
  const environment = {
    HTTPS_PROXY: 'http://p:1',
    NO_PROXY: '10.0.0.0/8,192.0.2.1:5000,2001:db8::/32,fd00::1,[fd00::2]:5',
  };
  const of = (host: string) => proxyFor(new URL(`https://${host}`), environment);
  for (const host of ['10.1.2.3', '10.0.0.1:5000', '192.0.2.1:5000', '[2001:db8::7]', '[fd00:0::1]:7', '[fd00::2]:5'])
    t.is(of(host), undefined, host);
  for (const host of ['11.1.2.3', '192.0.2.1', '[2001:db9::7]', '[fd00::2]', 'a.10.io', '0.0.0.8'])
    t.is(of(host), 'http://p:1', host);
});

test('proxies: a registry without TLS is asked for by a plain request, no tunnel', async (t) => {
  const proxy = await startServer(t, (_, response) => {
    sendJson(response, { name: 'x', tags: ['1'] });
  });
  const environment = { HTTP_PROXY: `http://me:pw@${proxy.host}`, HTTPS_PROXY: 'http://127.0.0.1:1' };
  await using client = new RegistryClient('registry.test', { environment, insecure: true, retry: { retries: 0 } });
  t.deepEqual(await listTags({ client, repository: 'x' }, undefined), ['1']);
  t.like(proxy.requests.at(-1), { method: 'GET', url: 'http://registry.test/v2/x/tags/list?n=1000' });
  t.is(proxy.requests.at(-1)?.headers['proxy-authorization'], `Basic ${Buffer.from('me:pw').toString('base64')}`);
});
