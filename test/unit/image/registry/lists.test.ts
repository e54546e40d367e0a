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
test(badTags, 'no list', { answer: { tags: 'x' } }, /no list/);
test(badTags, 'numbers', { answer: { tags: [1] } }, /no list/);
test(badTags, 'null', { answer: null }, /no list/);
test(badTags, 'elsewhere', { answer: { tags: [] }, link: '<http://127.0.0.2/x>; rel=next' }, /elsewhere/);
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
