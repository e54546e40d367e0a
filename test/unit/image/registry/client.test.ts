/** The client against servers that do what real ones do rarely: fail, lie, send elsewhere. */
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import test, { type ExecutionContext } from 'ava';

import { isTspodError } from '../../../../src/errors.js';
import type { Credentials } from '../../../../src/image/registry/credentials.js';
import { RegistryClient } from '../../../../src/image/registry/client.js';
import { RegistryDestination } from '../../../../src/image/registry/destination.js';
import { RegistrySource } from '../../../../src/image/registry/source.js';
import { digestOf } from '../../../../src/oci/digest.js';
import { OCI_LAYER_GZIP } from '../../../../src/oci/media-types.js';
import { sendJson, startServer, type Handler, type TestServer } from '../../../helpers/http-server.js';
import { blobOf, makeImage, readAll } from '../../../helpers/images.js';

const RETRY = { retries: 3, delayMs: 1 };
const LOGIN: Credentials = { kind: 'password', username: 'me', password: 'pa ss' };
const BLOB = blobOf(OCI_LAYER_GZIP, randomBytes(300_000));
const IMAGE = makeImage();
/** basic of LOGIN */
const BASIC = `Basic ${Buffer.from('me:pa ss').toString('base64')}`;

function clientOf(t: ExecutionContext<unknown>, { host }: TestServer, credentials?: Credentials): RegistryClient {
  const client = new RegistryClient(host, {
    insecure: true,
    retry: RETRY,
    environment: {},
    credentials: () => Promise.resolve(credentials),
  });
  t.teardown(() => client[Symbol.asyncDispose]());
  return client;
}

function sourceOf(t: ExecutionContext<unknown>, server: TestServer, credentials?: Credentials): RegistrySource {
  const name = { registry: server.host, repository: 'app', tag: 'latest' };
  return new RegistrySource({ client: clientOf(t, server, credentials), repository: 'app', name });
}

function destinationOf(t: ExecutionContext<unknown>, server: TestServer, chunkBytes?: number): RegistryDestination {
  const name = { registry: server.host, repository: 'app', tag: 'latest' };
  const given = chunkBytes === undefined ? {} : { chunkBytes };
  return new RegistryDestination({ client: clientOf(t, server), repository: 'app', name, ...given });
}

/** Requests but the first, which looks whether anyone is there. */
function asked({ requests }: TestServer): readonly string[] {
  return requests.slice(1).map(({ method, url }) => `${method} ${url}`);
}

const answering =
  (answer: Handler): Handler =>
  (request, response) => {
    if (request.url === '/v2/') sendJson(response, {});
    else answer(request, response);
  };

const manifestAnswer: Handler = (_request, response) => {
  response.writeHead(200, { 'content-type': IMAGE.manifest.mediaType });
  response.end(IMAGE.manifest.bytes);
};

test('client: reads a manifest and asks for every type of one', async (t) => {
  const server = await startServer(t, answering(manifestAnswer));
  const manifest = await sourceOf(t, server).manifest();
  t.deepEqual(manifest, IMAGE.manifest);
  t.deepEqual(asked(server), ['GET /v2/app/manifests/latest']);
  const accept = server.requests[1]?.headers.accept ?? '';
  for (const type of ['oci.image.manifest.v1', 'oci.image.index.v1', 'manifest.v2+json', 'manifest.list.v2']) {
    t.true(accept.includes(type), type);
  }
  t.is(server.requests[1]?.headers.authorization, undefined);
});

test('client: a manifest with another digest than the one that was asked for is refused', async (t) => {
  const server = await startServer(t, answering(manifestAnswer));
  const error = await t.throwsAsync(sourceOf(t, server).manifest(`sha256:${'0'.repeat(64)}`));
  t.true(isTspodError(error, 'DIGEST_MISMATCH'));
});

test('client: a manifest of another type than it is served as is refused', async (t) => {
  const server = await startServer(
    t,
    answering((_, response) => {
      response.writeHead(200, { 'content-type': 'application/vnd.oci.image.index.v1+json' });
      response.end(IMAGE.manifest.bytes);
    }),
  );
  t.true(isTspodError(await t.throwsAsync(sourceOf(t, server).manifest()), 'BAD_IMAGE'));
});

test('client: a manifest without end is cut off', async (t) => {
  const server = await startServer(
    t,
    answering((_, response) => {
      const chunk = Buffer.alloc(65536, ' ');
      const more = (): void => {
        while (response.write(chunk));
        response.once('drain', more);
      };
      more();
    }),
  );
  const error = await t.throwsAsync(sourceOf(t, server).manifest());
  t.true(isTspodError(error, 'REGISTRY_ERROR'));
  t.regex(error.message, /larger than 4194304 bytes/);
});

test('client: shows what the registry says, and a missing manifest is a missing image', async (t) => {
  const errors = [{ code: 'MANIFEST_UNKNOWN', message: 'manifest unknown', detail: { Tag: 'latest' } }];
  const server = await startServer(
    t,
    answering((_, response) => sendJson(response, { errors }, 404)),
  );
  const error = await t.throwsAsync(sourceOf(t, server).manifest());
  t.true(isTspodError(error, 'NO_SUCH_IMAGE'));
  t.is(error.message, `read manifest latest in ${server.host}/app: manifest unknown: manifest unknown`);
});

const refusal = test.macro<[string, (string | Buffer)?, RegExp?]>({
  exec: async (t, _, body = '', expected = /./) => {
    const server = await startServer(
      t,
      answering((_request, response) => {
        response.writeHead(418);
        response.end(body);
      }),
    );
    const error = await t.throwsAsync(sourceOf(t, server).manifest());
    t.true(isTspodError(error, 'REGISTRY_ERROR'));
    t.regex(error.message, expected);
    t.true(error.message.length < 4096);
    t.is(asked(server).length, 1, 'it is not tried again');
  },
  title: (_, what) => `client: a refusal ${what}`,
});
test(refusal, 'in plain words', 'no tea', /: no tea$/);
test(refusal, 'as a page', '<html>hello</html>', /HTTP status 418/);
test(refusal, 'without words', '', /HTTP status 418/);
test(refusal, 'of many words', 'x'.repeat(5000), /x{1024}\.\.\.$/);
test(refusal, 'without end', Buffer.alloc(1_000_000), /HTTP status 418/);
test(refusal, 'of nonsense', '{"errors":[null,5,{"code":7},{"message":"m"}]}', /: m$/);
test(refusal, 'that is null', 'null', /: null$/);

test('client: tries again when the registry is overloaded, as it asks', async (t) => {
  const failures = [429, 500, 503];
  const server = await startServer(
    t,
    answering((request, response) => {
      const status = failures.shift();
      if (status === undefined) manifestAnswer(request, response);
      else sendJson(response, {}, status, status === 429 ? { 'retry-after': '1' } : {});
    }),
  );
  const pauses: number[] = [];
  const client = new RegistryClient(server.host, {
    insecure: true,
    environment: {},
    retry: { ...RETRY, onRetry: ({ delayMs }) => pauses.push(delayMs) },
  });
  t.teardown(() => client[Symbol.asyncDispose]());
  const name = { registry: server.host, repository: 'app' };
  t.is((await new RegistrySource({ client, repository: 'app', name }).manifest()).digest, IMAGE.manifest.digest);
  t.deepEqual(pauses, [1000, 2, 4]);
});

test('client: gives up after some tries, with the last words', async (t) => {
  const errors = [{ code: 'TOOMANYREQUESTS', message: 'You have reached your pull rate limit.' }];
  const server = await startServer(
    t,
    answering((_, response) => sendJson(response, { errors }, 429)),
  );
  const error = await t.throwsAsync(sourceOf(t, server).manifest());
  t.regex(error.message, /: toomanyrequests: You have reached your pull rate limit\.$/);
  t.is(asked(server).length, 4);
});

test('client: does not wait for hours', async (t) => {
  const server = await startServer(
    t,
    answering((_, response) => sendJson(response, {}, 429, { 'retry-after': '21600' })),
  );
  const error = await t.throwsAsync(sourceOf(t, server).manifest());
  t.regex(error.message, /too many requests \(HTTP status 429\)/);
  t.is(asked(server).length, 1);
});

test('client: the signal ends a pause and a download', async (t) => {
  const waiting = new AbortController();
  const server = await startServer(
    t,
    answering((request, response) => {
      if (request.url.includes('/manifests/')) {
        // Some time after the answer has gone out: it has come by then, and the pause has begun.
        response.once('finish', () => setTimeout(() => waiting.abort(), 50));
        sendJson(response, {}, 503, { 'retry-after': '100' });
      } else {
        response.writeHead(200);
        response.write(BLOB.bytes.subarray(0, 1000));
      }
    }),
  );
  const source = sourceOf(t, server);
  const first = await t.throwsAsync(source.manifest(undefined, { signal: waiting.signal }));
  t.true(isTspodError(first, 'ABORTED'));
  const reading = new AbortController();
  const { stream } = await source.blob(BLOB.descriptor, { signal: reading.signal });
  stream.once('data', () => reading.abort());
  t.true(isTspodError(await t.throwsAsync(readAll(stream)), 'ABORTED'));
});

test('client: nobody there is said in words', async (t) => {
  const client = new RegistryClient('127.0.0.1:1', { insecure: true, environment: {}, retry: RETRY });
  t.teardown(() => client[Symbol.asyncDispose]());
  const name = { registry: '127.0.0.1:1', repository: 'app' };
  const error = await t.throwsAsync(new RegistrySource({ client, repository: 'app', name }).manifest());
  t.true(isTspodError(error, 'REGISTRY_UNREACHABLE'));
  t.regex(error.message, /talk to 127\.0\.0\.1:1: .*ECONNREFUSED/);
});

test('client: without leave, nothing is said over HTTP', async (t) => {
  const server = await startServer(t, answering(manifestAnswer));
  const client = new RegistryClient(server.host, { environment: {}, retry: RETRY });
  t.teardown(() => client[Symbol.asyncDispose]());
  const name = { registry: server.host, repository: 'app' };
  const error = await t.throwsAsync(new RegistrySource({ client, repository: 'app', name }).manifest());
  t.true(isTspodError(error, 'REGISTRY_UNREACHABLE'));
  t.is(server.requests.length, 0);
});

/** Answers with ranges, and cuts the connection after so many bytes of each answer. */
function cutting(bytes: Buffer, { after, ranges = true }: { after: number; ranges?: boolean }): Handler {
  return answering((request, response) => {
    const start = ranges ? Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0) : 0;
    const rest = bytes.subarray(start);
    response.writeHead(start > 0 ? 206 : 200, {
      'content-length': rest.length,
      ...(start > 0 ? { 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` } : {}),
    });
    if (rest.length <= after) response.end(rest);
    else response.write(rest.subarray(0, after), () => setTimeout(() => response.destroy(), 20));
  });
}

test('blob: goes on where the network cut it off', async (t) => {
  const server = await startServer(t, cutting(BLOB.bytes, { after: 100_000 }));
  const { stream, offset } = await sourceOf(t, server).blob(BLOB.descriptor);
  t.is(offset, 0);
  t.is(digestOf(await readAll(stream)), BLOB.descriptor.digest);
  t.deepEqual(
    server.requests.slice(1).map(({ headers }) => headers.range),
    [undefined, 'bytes=100000-', 'bytes=200000-'],
  );
});

test('blob: a registry without ranges sends all again, and no byte comes twice', async (t) => {
  let after = 100_000;
  const server = await startServer(t, (request, response) => {
    cutting(BLOB.bytes, { after, ranges: false })(request, response);
    if (request.url !== '/v2/') after += 150_000;
  });
  const { stream } = await sourceOf(t, server).blob(BLOB.descriptor);
  t.is(digestOf(await readAll(stream)), BLOB.descriptor.digest);
  t.is(asked(server).length, 3);
});

test('blob: from an offset, and from the beginning where that cannot be', async (t) => {
  const server = await startServer(t, cutting(BLOB.bytes, { after: 1e9 }));
  const part = await sourceOf(t, server).blob(BLOB.descriptor, { offset: 1000 });
  t.is(part.offset, 1000);
  t.deepEqual(await readAll(part.stream), BLOB.bytes.subarray(1000));
  const other = await startServer(t, cutting(BLOB.bytes, { after: 1e9, ranges: false }));
  const whole = await sourceOf(t, other).blob(BLOB.descriptor, { offset: 1000 });
  t.is(whole.offset, 0);
  t.deepEqual(await readAll(whole.stream), BLOB.bytes);
});

test('blob: a range other than the one requested is refused', async (t) => {
  const server = await startServer(
    t,
    answering((_, response) => {
      response.writeHead(206, { 'content-range': 'bytes 5-10/11' });
      response.end('abcdef');
    }),
  );
  const error = await t.throwsAsync(sourceOf(t, server).blob(BLOB.descriptor, { offset: 3 }));
  t.regex(error.message, /a different range/);
});

test('blob: more bytes than promised are not taken, fewer are not enough', async (t) => {
  const long = await startServer(t, cutting(Buffer.concat([BLOB.bytes, Buffer.from('x')]), { after: 1e9 }));
  const first = await sourceOf(t, long).blob(BLOB.descriptor);
  const longer = await t.throwsAsync(readAll(first.stream));
  t.true(isTspodError(longer, 'DIGEST_MISMATCH'));
  t.regex(longer.message, /longer than 300000 bytes/);
  const short = await startServer(t, cutting(BLOB.bytes.subarray(1), { after: 1e9 }));
  const second = await sourceOf(t, short).blob(BLOB.descriptor);
  const shorter = await t.throwsAsync(readAll(second.stream));
  t.true(isTspodError(shorter, 'DIGEST_MISMATCH'));
  t.regex(shorter.message, /shorter than 300000 bytes/);
});

test('blob: gives up where no more comes', async (t) => {
  const server = await startServer(t, cutting(BLOB.bytes, { after: 0 }));
  const { stream } = await sourceOf(t, server).blob(BLOB.descriptor);
  t.true(isTspodError(await t.throwsAsync(readAll(stream)), 'REGISTRY_UNREACHABLE'));
  t.is(asked(server).length, 4);
});

/** A token server that hands out t1, t2, ..., and a registry that takes the newest. */
function tokenServer(options: { expiresIn?: number; refuse?: boolean } = {}): Handler {
  let issued = 0;
  return (request, response) => {
    if (request.url.startsWith('/token')) {
      if (options.refuse === true) {
        sendJson(response, { errors: [{ code: 'UNAUTHORIZED', message: 'wrong password' }] }, 401);
        return;
      }
      issued += 1;
      sendJson(response, { token: `t${issued}`, expires_in: options.expiresIn });
    } else if (request.headers.authorization === `Bearer t${issued}` && issued > 0) manifestAnswer(request, response);
    else
      sendJson(response, {}, 401, {
        'www-authenticate': `Bearer realm="http://${request.headers.host}/token",service="reg,istry",scope="x"`,
      });
  };
}

test('token: asked for once, with service, scope and password, and kept', async (t) => {
  const server = await startServer(t, tokenServer({ expiresIn: 300 }));
  const source = sourceOf(t, server, LOGIN);
  await source.manifest();
  await source.manifest();
  t.deepEqual(asked(server), [
    'GET /v2/app/manifests/latest',
    'GET /token?service=reg%2Cistry&scope=repository%3Aapp%3Apull&account=me',
    'GET /v2/app/manifests/latest',
    'GET /v2/app/manifests/latest',
  ]);
  t.is(server.requests[2]?.headers.authorization, BASIC);
});

test('token: asked for without a password by nobody', async (t) => {
  const server = await startServer(t, tokenServer());
  await sourceOf(t, server).manifest();
  t.is(asked(server)[1], 'GET /token?service=reg%2Cistry&scope=repository%3Aapp%3Apull');
  t.is(server.requests[2]?.headers.authorization, undefined);
});

test('token: an identity token is changed for one', async (t) => {
  const server = await startServer(t, tokenServer());
  await sourceOf(t, server, { kind: 'token', token: 'long lived' }).manifest();
  const asking = server.requests[2];
  t.is(`${asking?.method} ${asking?.url}`, 'POST /token');
  const form = new URLSearchParams(asking?.body.toString());
  t.is(form.get('grant_type'), 'refresh_token');
  t.is(form.get('refresh_token'), 'long lived');
  t.is(form.get('scope'), 'repository:app:pull');
});

test('token: one that is refused is changed for another, once', async (t) => {
  let isRevoked = false;
  const inner = tokenServer({ expiresIn: 300 });
  const server = await startServer(t, (request, response) => {
    if (isRevoked && request.headers.authorization === 'Bearer t1')
      sendJson(response, {}, 401, { 'www-authenticate': `Bearer realm="http://${request.headers.host}/token"` });
    else inner(request, response);
  });
  const source = sourceOf(t, server);
  await source.manifest();
  isRevoked = true;
  await source.manifest();
  t.is(asked(server).filter((line) => line.includes('/token')).length, 2);
});

test('token: what the token server says is shown', async (t) => {
  const server = await startServer(t, tokenServer({ refuse: true }));
  const error = await t.throwsAsync(sourceOf(t, server, LOGIN).manifest());
  t.true(isTspodError(error, 'UNAUTHORIZED'));
  t.regex(error.message, /unauthorized: wrong password/);
  t.false(JSON.stringify(error).includes('pa ss'));
});

test('token: an answer without a token, or one that is no header, is refused', async (t) => {
  for (const answer of [{}, null, 5, { token: '' }, { token: 'a\r\nb: c' }, { token: 7 }]) {
    const server = await startServer(t, (request, response) => {
      if (request.url.startsWith('/token')) sendJson(response, answer);
      else sendJson(response, {}, 401, { 'www-authenticate': `Bearer realm="http://${request.headers.host}/token"` });
    });
    const error = await t.throwsAsync(sourceOf(t, server).manifest());
    t.regex(error.message, /the answer has no token/, JSON.stringify(answer));
  }
});

test('token: many requests at one time ask for one token', async (t) => {
  const server = await startServer(t, tokenServer({ expiresIn: 300 }));
  const source = sourceOf(t, server);
  await source.manifest();
  await Promise.all([source.manifest(), source.manifest(), source.manifest()]);
  t.is(asked(server).filter((line) => line.includes('/token')).length, 1);
});

test('basic: sent when asked for, and then from the beginning', async (t) => {
  const server = await startServer(t, (request, response) => {
    if (request.headers.authorization === BASIC) manifestAnswer(request, response);
    else sendJson(response, {}, 401, { 'www-authenticate': 'Basic realm="x"' });
  });
  const source = sourceOf(t, server, LOGIN);
  await source.manifest();
  await source.manifest();
  t.deepEqual(
    server.requests.map(({ headers }) => headers.authorization),
    [undefined, undefined, BASIC, BASIC],
  );
});

test('basic: without a login, and with a wrong one, the registry’s words come through', async (t) => {
  const server = await startServer(t, (_, response) => {
    const errors = [{ code: 'UNAUTHORIZED', message: 'authentication required' }];
    sendJson(response, { errors }, 401, { 'www-authenticate': 'Basic realm="x"' });
  });
  for (const login of [undefined, LOGIN]) {
    const error = await t.throwsAsync(sourceOf(t, server, login).manifest());
    t.true(isTspodError(error, 'UNAUTHORIZED'));
    t.regex(error.message, /unauthorized: authentication required$/);
  }
});

test('redirect: followed, without who we are (CVE-2020-15157)', async (t) => {
  const elsewhere = await startServer(t, (_, response) => {
    response.writeHead(200);
    response.end(BLOB.bytes);
  });
  const server = await startServer(t, (request, response) => {
    if (request.headers.authorization !== BASIC) sendJson(response, {}, 401, { 'www-authenticate': 'Basic realm="x"' });
    else if (request.url.startsWith('/v2/app/blobs/')) {
      response.writeHead(302, { location: '/moved' });
      response.end();
    } else {
      response.writeHead(307, { location: `http://${elsewhere.host}/blob` });
      response.end();
    }
  });
  const { stream } = await sourceOf(t, server, LOGIN).blob(BLOB.descriptor);
  t.is(digestOf(await readAll(stream)), BLOB.descriptor.digest);
  t.is(server.requests.at(-1)?.headers.authorization, BASIC, 'to the same host it is said again');
  t.is(elsewhere.requests.length, 1);
  t.is(elsewhere.requests[0]?.headers.authorization, undefined);
});

test('redirect: who answers there gets no password by a challenge of its own', async (t) => {
  const elsewhere = await startServer(t, (request, response) => {
    const challenge = `Bearer realm="http://${request.headers.host ?? ''}/token",service="x"`;
    if (request.url.startsWith('/token')) sendJson(response, { token: 'x' });
    else sendJson(response, {}, 401, { 'www-authenticate': challenge });
  });
  const server = await startServer(t, ({ headers }, response) => {
    if (headers.authorization !== BASIC) sendJson(response, {}, 401, { 'www-authenticate': 'Basic realm="x"' });
    else response.writeHead(307, { location: `http://${elsewhere.host}/blob` }).end();
  });
  const client = clientOf(t, server, LOGIN);
  const name = { registry: server.host, repository: 'app', tag: 'latest' };
  const source = new RegistrySource({ client, repository: 'app', name });
  // Before the registry itself has asked who we are, and after.
  for (let attempt = 0; attempt < 2; attempt += 1)
    t.true(isTspodError(await t.throwsAsync(source.blob(BLOB.descriptor)), 'UNAUTHORIZED'));
  t.deepEqual(
    elsewhere.requests.map(({ url, headers }) => [url, headers.authorization]),
    [
      ['/blob', undefined],
      ['/blob', undefined],
    ],
  );

  const open = await startServer(t, (_, response) =>
    response.writeHead(307, { location: `http://${elsewhere.host}/blob` }).end(),
  );
  t.true(isTspodError(await t.throwsAsync(sourceOf(t, open, LOGIN).blob(BLOB.descriptor)), 'UNAUTHORIZED'));
  t.true(elsewhere.requests.every(({ url, headers }) => url === '/blob' && headers.authorization === undefined));
});

test('redirect: not for ever, and not to nowhere', async (t) => {
  for (const [location, why] of [
    ['/again', /more than 10 redirects/],
    ['ftp://127.0.0.1/x', /without TLS/],
    ['http://[', /redirects to no address/],
  ] as const) {
    const server = await startServer(
      t,
      answering((_, response) => {
        response.writeHead(302, { location });
        response.end();
      }),
    );
    t.regex((await t.throwsAsync(sourceOf(t, server).manifest())).message, why);
  }
});

test('upload: goes on where it was cut off', async (t) => {
  const big = blobOf(OCI_LAYER_GZIP, randomBytes(3_000_000));
  const received: Buffer[] = [];
  const server = await startServer(t, (request, response) => {
    const location = { location: '/upload/1' };
    if (request.method === 'PATCH' && received.length === 0) {
      // What the server has of it before it fails.
      received.push(request.body.subarray(0, 1_000_000));
      sendJson(response, {}, 500);
    } else if (request.method === 'PATCH') {
      t.is(request.headers['content-range'], '1000000-2999999');
      received.push(request.body);
      sendJson(response, {}, 202, location);
    } else if (request.method === 'GET' && request.url !== '/v2/') {
      sendJson(response, {}, 202, { ...location, range: '0-999999' });
    } else sendJson(response, {}, request.method === 'PUT' ? 201 : 202, location);
  });
  const open = () => Promise.resolve(Readable.from([big.bytes]));
  t.is(await destinationOf(t, server).putBlob(big.descriptor, { open }), 'uploaded');
  t.is(digestOf(Buffer.concat(received)), big.descriptor.digest);
  t.deepEqual(asked(server).slice(-1), [`PUT /upload/1?digest=${encodeURIComponent(big.descriptor.digest)}`]);
});

test('upload: in parts of a size, where the registry takes no more', async (t) => {
  const big = blobOf(OCI_LAYER_GZIP, randomBytes(2_500_000));
  const received: Buffer[] = [];
  const ranges: unknown[] = [];
  const server = await startServer(t, (request, response) => {
    if (request.method === 'PATCH') {
      received.push(request.body);
      ranges.push(request.headers['content-range']);
    }
    sendJson(response, {}, request.method === 'PUT' ? 201 : 202, { location: '/upload/1?state=a%3Db' });
  });
  const open = () => Promise.resolve(Readable.from([big.bytes]));
  await destinationOf(t, server, 1_000_000).putBlob(big.descriptor, { open });
  t.is(digestOf(Buffer.concat(received)), big.descriptor.digest);
  t.deepEqual(ranges, ['0-999999', '1000000-1999999', '2000000-2499999']);
  t.true(asked(server).at(-1)?.startsWith('PUT /upload/1?state=a%3Db&digest='));
});

test('upload: bytes that are not those of the descriptor are not sent to the end', async (t) => {
  const server = await startServer(t, (_, response) => sendJson(response, {}, 202, { location: '/upload/1' }));
  for (const [size, why] of [
    [999, /longer than 999/],
    [1001, /shorter than 1001/],
    [2_000_000, /shorter than 2000000/],
  ] as const) {
    const open = () => Promise.resolve(Readable.from([Buffer.alloc(1000)]));
    const sending = destinationOf(t, server).putBlob({ ...BLOB.descriptor, size }, { open });
    const error = await t.throwsAsync(sending);
    t.true(isTspodError(error, 'DIGEST_MISMATCH'), error.message);
    t.regex(error.message, why);
  }
  t.false(server.requests.some(({ method }) => method === 'PUT'));
});

test('upload: what cannot be mounted is sent', async (t) => {
  const server = await startServer(t, (request, response) => {
    if (request.url.includes('mount=')) sendJson(response, {}, 202, { location: '/upload/mount' });
    else sendJson(response, {}, request.method === 'PUT' ? 201 : 202, { location: '/upload/1' });
  });
  const open = () => Promise.resolve(Readable.from([BLOB.bytes]));
  const mountFrom = ['elsewhere.io/app', `${server.host}/other/app`, `${server.host}/app`];
  t.is(await destinationOf(t, server).putBlob(BLOB.descriptor, { open, mountFrom }), 'uploaded');
  t.deepEqual(
    asked(server).map((line) => line.replace(/sha256(:|%3A)[0-9a-f]+/, 'DIGEST')),
    [
      'POST /v2/app/blobs/uploads/?mount=DIGEST&from=other%2Fapp',
      'DELETE /upload/mount',
      'POST /v2/app/blobs/uploads/',
      'PUT /upload/1?digest=DIGEST',
    ],
  );
});
